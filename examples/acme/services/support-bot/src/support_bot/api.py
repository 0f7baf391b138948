"""HTTP entry of the support bot."""

from fastapi import FastAPI
from pydantic import BaseModel

from support_bot.answers import answer

app = FastAPI(title="Acme support bot")


class Question(BaseModel):
    customer_id: str
    text: str


@app.post("/questions")
def ask(question: Question) -> dict[str, str]:
    reply = answer(question.customer_id, question.text)
    return {"answer": reply.text, "handed_over": str(reply.handed_over)}
