// What an SDK for JavaScript makes of streams: `node judge_streams.mjs SDK`.
// Standard input: a list of {"name", "base_url", "model", "tokens_max", "timeout_s"}.
// Standard output: the SDK's version, then a line of JSON for each of them.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text as read } from "node:stream/consumers";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import OpenAI from "openai";

const QUESTION = "what ran up the clock?";
const AT_ONCE = 4;
const asks = JSON.parse(await read(process.stdin));

async function* openai({ base_url: baseURL, model, tokens_max: tokensMax }) {
  const client = new OpenAI({ baseURL, apiKey: "any", maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: "user", content: QUESTION }],
    max_tokens: tokensMax,
    stream: true,
  });
  for await (const chunk of stream) {
    for (const choice of chunk.choices ?? []) {
      yield { text: choice.delta.content, finish: choice.finish_reason };
    }
  }
}

async function* ai({ base_url: baseURL, model, tokens_max: tokensMax }) {
  const provider = createOpenAICompatible({ name: "judged", baseURL, apiKey: "any" });
  const { fullStream } = streamText({
    model: provider.chatModel(model),
    prompt: QUESTION,
    maxOutputTokens: tokensMax,
    maxRetries: 0,
    onError() {}, // or it prints them
  });
  for await (const part of fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") yield { text: part.text };
    if (part.type === "finish") yield { finish: part.finishReason };
  }
}

async function hear(ask, seen) {
  for await (const said of listen(ask)) {
    seen.text += said.text ?? "";
    seen.finish = said.finish ?? seen.finish;
  }
}

async function judge(ask) {
  const seen = { name: ask.name, text: "", finish: null, error: null };
  // Neither package bounds the time between two pieces.
  const patience = AbortSignal.timeout(ask.timeout_s * 1000);
  const late = once(patience, "abort").then(() => "Timeout");
  try {
    seen.error = (await Promise.race([hear(ask, seen), late])) ?? null;
  } catch (error) {
    seen.error = error.constructor.name;
  }
  return seen;
}

const sdk = process.argv[2];
const listen = { openai, ai }[sdk];
const file = new URL(`node_modules/${sdk}/package.json`, import.meta.url);
console.log(JSON.parse(readFileSync(file)).version);
const todo = asks.values();
async function work() {
  for (const ask of todo) console.log(JSON.stringify(await judge(ask)));
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exit(); // whoever still waits, waits in vain
