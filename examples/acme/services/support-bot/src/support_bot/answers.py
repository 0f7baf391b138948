"""Write an answer, or hand over to a person."""

import os
from dataclasses import dataclass

import chromadb
from langchain_openai import OpenAIEmbeddings
from openai import OpenAI

MODEL = os.environ.get("SUPPORT_BOT_MODEL", "gpt-4.1-mini")
HAND_OVER_BELOW = 0.6

client = OpenAI()
articles = chromadb.PersistentClient("./knowledge").get_or_create_collection("help-articles")
embeddings = OpenAIEmbeddings(model="text-embedding-3-small")


@dataclass
class Reply:
    text: str
    handed_over: bool


def answer(customer_id: str, text: str) -> Reply:
    found = articles.query(query_embeddings=[embeddings.embed_query(text)], n_results=4)
    completion = client.chat.completions.create(
        model="gpt-4.1-mini",
        messages=[
            {"role": "system", "content": "Answer from the articles only. Offer a person when unsure."},
            {"role": "user", "content": f"{found['documents']}\n\n{text}"},
        ],
    )
    draft = completion.choices[0].message.content or ""
    if judge(text, draft) < HAND_OVER_BELOW:
        return Reply("A colleague will answer you within the hour.", handed_over=True)
    return Reply(draft, handed_over=False)


def judge(question: str, draft: str) -> float:
    """Score from 0 to 1 how well the draft answers the question."""
    verdict = client.chat.completions.create(
        model="o4-mini",
        messages=[{"role": "user", "content": f"Score 0 to 1, number only.\nQ: {question}\nA: {draft}"}],
    )
    return float(verdict.choices[0].message.content or 0)
