import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic();

/** Write the text beside a recommended product. */
export async function productText(product: string, liked: string[]): Promise<string> {
  const message = await client.messages.create({
    model: "claude-sonnet-4-5",
    max_tokens: 300,
    messages: [{ role: "user", content: `Two lines on ${product} for someone who liked ${liked.join(", ")}.` }],
  });
  const first = message.content[0];
  return first.type === "text" ? first.text : "";
}
