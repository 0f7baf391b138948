import Fastify from "fastify";
import { reason, similar } from "./similar.js";
import { productText } from "./texts.js";

const app = Fastify();

app.post<{ Body: { vector: number[]; liked: string[] } }>("/recommendations", async ({ body }) => {
  const products = await similar(body.vector);
  return Promise.all(
    products.map(async (product) => ({ product, text: await productText(product, body.liked), why: await reason(product) })),
  );
});

await app.listen({ port: 8080, host: "0.0.0.0" });
