import Anthropic from "@anthropic-ai/sdk";
import { expect, test } from "vitest";

test("the model of last year wrote no more than two lines either", async () => {
  const message = await new Anthropic().messages.create({
    model: "claude-3-opus-20240229",
    max_tokens: 300,
    messages: [{ role: "user", content: "Two lines on a lamp." }],
  });
  const first = message.content[0];
  expect(first.type === "text" ? first.text.split("\n").length : 0).toBeLessThanOrEqual(2);
});
