// What the official `openai` package for Node sees of a gateway.
// Standard input: {"baseURL", "model", "picture"}, and "only": "failures" to see those.
// Standard output: one JSON object.

import { text } from "node:stream/consumers";
import OpenAI from "openai";

const job = JSON.parse(await text(process.stdin));
const client = new OpenAI({ baseURL: job.baseURL, apiKey: "any" });
const question = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "how many words are these" },
];
const withPicture = [
  {
    role: "user",
    content: [
      { type: "text", text: "what is this" },
      { type: "image_url", image_url: { url: job.picture } },
    ],
  },
];

function told(response) {
  const names = ["provider", "model", "fallback", "attempts"];
  return names.map((name) => response.headers.get(`x-heliograph-${name}`));
}

async function plain(messages) {
  const { data, response, request_id: requestId } = await client.chat.completions
    .create({ model: job.model, messages })
    .withResponse();
  const [choice] = data.choices;
  return {
    text: choice.message.content,
    finish: choice.finish_reason,
    model: data.model,
    usage: data.usage,
    requestId,
    told: told(response),
  };
}

async function streamed() {
  const { data, response } = await client.chat.completions
    .create({
      model: job.model,
      messages: question,
      stream: true,
      stream_options: { include_usage: true },
    })
    .withResponse();
  const seen = { texts: [], finishes: [], models: [], usages: [] };
  for await (const chunk of data) {
    for (const choice of chunk.choices) {
      if (choice.delta.content) seen.texts.push(choice.delta.content);
      if (choice.finish_reason) seen.finishes.push(choice.finish_reason);
    }
    seen.models.push(chunk.model);
    if (chunk.usage) seen.usages.push(chunk.usage);
  }
  return { ...seen, told: told(response) };
}

async function tool() {
  const final = await client.chat.completions
    .stream({
      model: job.model,
      messages: question,
      tool_choice: "required",
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            parameters: {
              type: "object",
              properties: { city: { type: "string" } },
              required: ["city"],
            },
          },
        },
      ],
    })
    .finalChatCompletion();
  const [choice] = final.choices;
  const [call] = choice.message.tool_calls;
  return { finish: choice.finish_reason, ...call.function };
}

async function failure(ask) {
  try {
    return { answer: await ask() };
  } catch (error) {
    return {
      class: error.constructor.name,
      status: error.status,
      code: error.code,
      said: error.message,
    };
  }
}

async function models() {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  return ids;
}

const seen =
  job.only === "failures"
    ? {
        plain: await failure(() => plain(question)),
        streamed: await failure(streamed),
      }
    : {
        plain: await plain(question),
        streamed: await streamed(),
        picture: await plain(withPicture),
        tool: await tool(),
        models: await models(),
        unknown: await failure(() =>
          client.chat.completions.create({ model: "nobody/x", messages: question }),
        ),
      };
console.log(JSON.stringify(seen));
