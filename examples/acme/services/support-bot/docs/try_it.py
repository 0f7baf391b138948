"""Ask the model of the first version, as the page beside this shows it."""

from openai import OpenAI

print(OpenAI().chat.completions.create(model="gpt-4-0613", messages=[{"role": "user", "content": "Hello"}]))
