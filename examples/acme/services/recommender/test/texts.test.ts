import { expect, test } from "vitest";

test("a text is never longer than two lines", () => {
  const recorded = { model: "claude-3-opus-20240229", text: "Warm.\nAnd light." };
  expect(recorded.text.split("\n").length).toBeLessThanOrEqual(2);
});
