// AWS's SDK for JavaScript, version 3, with Promise.all over a batch: how the Node functions that
// this project is compared with post. The job and the answer are those of bench/fanout/job.py.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const job = JSON.parse(process.argv[2]);
const pool = { keepAlive: true, maxSockets: job.concurrency };
const agent = job.certificate
  ? { httpsAgent: new https.Agent({ ...pool, ca: readFileSync(job.certificate) }) }
  : { httpAgent: new http.Agent(pool) };
const client = new ApiGatewayManagementApiClient({
  endpoint: job.endpoint,
  region: job.region,
  credentials: {
    accessKeyId: job.access_key,
    secretAccessKey: job.secret_key,
    sessionToken: job.token,
  },
  requestHandler: new NodeHttpHandler({ ...agent, socketAcquisitionWarningTimeout: 60_000 }),
});
const Data = Buffer.from(job.data);
const ids = Array.from(
  { length: job.warm_up + job.posts },
  (_, number) => `${job.prefix}${String(number).padStart(7, "0")}=`,
);

async function post(wanted) {
  for (let start = 0; start < wanted.length; start += job.batch) {
    const batch = wanted.slice(start, start + job.batch);
    const answers = await Promise.all(
      batch.map((ConnectionId) => client.send(new PostToConnectionCommand({ ConnectionId, Data }))),
    );
    const delivered = answers.filter((a) => a.$metadata.httpStatusCode === 200).length;
    if (delivered !== batch.length) {
      throw new Error(`every post must be answered 200; ${delivered} of ${batch.length} were`);
    }
  }
}

await post(ids.slice(0, job.warm_up));
const wall = performance.now();
const cpu = process.cpuUsage();
await post(ids.slice(job.warm_up));
const used = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    cpu_seconds: (used.user + used.system) / 1e6,
    wall_seconds: (performance.now() - wall) / 1e3,
  }),
);
process.exit(0);
