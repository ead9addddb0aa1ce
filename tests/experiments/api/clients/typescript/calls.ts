// Calls of the runtime and of experiments, typed by openapi-typescript; what is answered is held
// to the schemas that openapi-zod-client writes, with nothing more in it than they name.
import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { z } from "zod";
import type { paths } from "./glozr.js";
import { schemas } from "./zod.js";

const agent_id = process.env["AGENT"] ?? "";
const api = createClient<paths>({
  baseUrl: process.env["GLOZR_URL"] ?? "",
  headers: { Authorization: `Bearer ${process.env["GLOZR_TOKEN"]}` },
});

interface Answered<Data> {
  data?: Data;
  error?: unknown;
}

function got<Data>(answered: Answered<Data>, schema: z.ZodTypeAny): NonNullable<Data> {
  assert(answered.data, JSON.stringify(answered.error));
  schema.parse(answered.data);
  return answered.data;
}

const path = { agent_id };
const draft = got(
  await api.POST("/api/v1/agents/{agent_id}/experiments/", {
    params: { path },
    body: {
      name: "Max or Aria",
      kind: "persona",
      variants: [
        { name: "Max", weight: 50, config: { persona: { name: "Max" } } },
        { name: "Aria", weight: 50, config: { persona: { name: "Aria" } } },
      ],
    },
  }),
  schemas.Experiment.strict(),
);
const both = { agent_id, experiment_id: draft.id };
const one = "/api/v1/agents/{agent_id}/experiments/{experiment_id}/" as const;
const edited = got(
  await api.PATCH(one, { params: { path: both }, body: { hypothesis: "Names matter." } }),
  schemas.Experiment.strict(),
);
assert(edited.version > draft.version);
const late = await api.PATCH(one, {
  params: { path: both, header: { "If-Match": `"${draft.version}"` } },
  body: { name: "Too late" },
});
assert.equal(schemas.Error.strict().parse(late.error).code, "out_of_date");
const running = got(
  await api.POST(`${one}start/`, { params: { path: both }, body: {} }),
  schemas.Experiment.strict(),
);
assert.equal(running.status, "running");

const resolution = got(
  await api.POST("/api/v1/agents/{agent_id}/assignments/", {
    params: { path },
    body: { visitor_id: "ada" },
  }),
  schemas.Resolution.strict(),
);
const conversation_id = randomUUID();
const said = { id: randomUUID(), visitor_id: "ada", role: "visitor" as const, content: "Hi" };
for (let time = 0; time < 2; time += 1) {
  const message = got(
    await api.POST("/api/v1/agents/{agent_id}/conversations/{conversation_id}/messages/", {
      params: { path: { agent_id, conversation_id } },
      body: said,
    }),
    schemas.Message.strict(),
  );
  assert.equal(message.id, said.id);
  assert.equal(message.resolution?.variant?.id, resolution.variant?.id);
}
got(
  await api.POST("/api/v1/agents/{agent_id}/leads/", {
    params: { path },
    body: { visitor_id: "ada", email: "ada@example.com", conversation_id },
  }),
  schemas.Lead.strict(),
);
got(
  await api.POST("/api/v1/agents/{agent_id}/leads/", {
    params: { path },
    body: { visitor_id: "bob", email: "ada@example.com" },
  }),
  schemas.KnownLead.strict(),
);
const flag = got(
  await api.POST("/ofrep/v1/evaluate/flags/{agent_id}", {
    params: { path },
    body: { context: { targetingKey: "ada" } },
  }),
  schemas.Flag.strict(),
);
assert.equal(flag.variant, resolution.variant?.name);

const results = got(
  await api.GET(`${one}results/`, { params: { path: both } }),
  schemas.Results.strict(),
);
assert(results.verdict.text);
got(await api.GET("/api/v1/agents/{agent_id}/experiments/plan/", { params: { path } }), schemas.Plan.strict());
const stopped = got(
  await api.POST(`${one}stop/`, { params: { path: both } }),
  schemas.Experiment.strict(),
);
assert.equal(stopped.status, "stopped");
const listed = got(
  await api.GET("/api/v1/agents/{agent_id}/experiments/", { params: { path } }),
  schemas.PaginatedExperimentList.strict(),
);
assert.equal(listed.results[0]?.id, draft.id);
const { response } = await api.DELETE(one, { params: { path: both } });
assert.equal(response.status, 204);
console.log("every call was read");
