"""Replay of recorded conversations; the model named here answers nobody."""

from openai import OpenAI


def test_recorded_conversation(recorded):
    client = OpenAI(base_url=recorded.url, api_key="unused")

    reply = client.chat.completions.create(model="gpt-3.5-turbo", messages=recorded.messages)

    assert "return" in reply.choices[0].message.content
