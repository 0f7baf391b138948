import { anthropic } from "@ai-sdk/anthropic";
import { Pinecone } from "@pinecone-database/pinecone";
import { generateText } from "ai";

const index = new Pinecone().index("products");

/** Name up to five products like this one, nearest first. */
export async function similar(vector: number[]): Promise<string[]> {
  const { matches } = await index.query({ vector, topK: 5 });
  return matches.map((match) => match.id);
}

/** Say in one sentence why a product was recommended. */
export async function reason(product: string): Promise<string> {
  const { text } = await generateText({
    model: anthropic("claude-3-5-haiku-20241022"),
    prompt: `Why might ${product} be a good gift? One sentence.`,
  });
  return text;
}
