// The job benchmark of `market bench jobs` on graphile-worker and PostgreSQL, with the same durable effect.
//
// Orders that nobody paid fall due at one instant. The job of each reads the order and its two parties, and in one
// transaction closes it, adds a record of evidence and two notices, and adds the job of the one that is an e-mail. That
// job reads what the market's reads, claims the attempt in a transaction with its record, writes the message to a file,
// and records in another that it left. PostgreSQL runs on a folder of its own with its defaults (fsync and
// synchronous_commit are on), and is reached by a socket in that folder alone.
//
// It takes one JSON object as its argument and prints another. Rows are as large as the market's (`bytes`).

import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, runMigrations } from "graphile-worker";
import pg from "pg";

const { orders, concurrency, bytes, batches, binaries } = JSON.parse(process.argv[2]);

// PostgreSQL refuses to run as root.
const NOBODY = 65534;
const isRoot = process.getuid() === 0;
const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

const folder = mkdtempSync(join(tmpdir(), "market-peer-"));
const [data, outbox] = [join(folder, "data"), join(folder, "outbox")];
mkdirSync(data, { mode: 0o700 });
mkdirSync(outbox, { mode: 0o700 });
if (isRoot) for (const path of [folder, data]) chownSync(path, NOBODY, NOBODY);

const program = (name) => (binaries ? join(binaries, name) : name);
const text = (length) => "x".repeat(length);

function initialise() {
  const made = spawnSync(program("initdb"), ["-D", data, "-U", "market", "-A", "trust", "--no-instructions"], {
    ...as, cwd: folder, encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`initdb: ${made.error ?? made.stderr}`);
}

async function started(pool) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await pool.query("SELECT 1");
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const TABLES = `
  CREATE TABLE party (id text PRIMARY KEY, version bigint NOT NULL, body text NOT NULL);
  CREATE TABLE orders (
    id text PRIMARY KEY, account text NOT NULL, provider text NOT NULL, version bigint NOT NULL, body text NOT NULL);
  CREATE TABLE evidence (
    subject text, number bigint, body text NOT NULL, PRIMARY KEY (subject, number));
  CREATE TABLE notice (
    id text PRIMARY KEY, cause text NOT NULL, owner text NOT NULL, channel text NOT NULL, version bigint NOT NULL,
    body text NOT NULL);
  CREATE INDEX notice_of_owner ON notice (owner, id);`;

async function fill(pool) {
  await pool.query(TABLES);
  for (const id of ["shop-1", "northwind"]) {
    await pool.query("INSERT INTO party VALUES ($1, 1, $2)", [id, text(bytes.party)]);
  }
  await pool.query(
    "INSERT INTO orders SELECT 'ord_' || n, 'shop-1', 'northwind', 1, $2 FROM generate_series(1, $1) n",
    [orders, text(bytes.order)],
  );
  await pool.query(
    "INSERT INTO evidence SELECT 'ord_' || n, 1, $2 FROM generate_series(1, $1) n",
    [orders, text(bytes.evidence)],
  );
  await runMigrations({ pgPool: pool });
  await pool.query(
    `SELECT graphile_worker.add_job('advance_case', json_build_object('order', 'ord_' || n)) FROM generate_series(1, $1) n`,
    [orders],
  );
  await pool.query("ANALYZE");
}

async function transaction(helpers, work) {
  return helpers.withPgClient(async (client) => {
    await client.query("BEGIN");
    try {
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    }
  });
}

const statement = (name, sql, values) => ({ name, text: sql, values });

async function update(client, table, id, version, body) {
  const sql = `UPDATE ${table} SET version = version + 1, body = $3 WHERE id = $1 AND version = $2`;
  const { rowCount } = await client.query(statement(`update ${table}`, sql, [id, version, body]));
  if (rowCount !== 1) throw new Error("the state has changed since it was read");
}

const record = (client, subject, number) =>
  client.query(
    statement("record", "INSERT INTO evidence VALUES ($1, $2, $3)", [subject, number, text(bytes.evidence)]),
  );

const find = async (helpers, table, id) => {
  const { rows } = await helpers.query(statement(`find ${table}`, `SELECT * FROM ${table} WHERE id = $1`, [id]));
  return rows[0];
};

async function advanceCase({ order: id }, helpers) {
  const order = await find(helpers, "orders", id);
  const parties = "SELECT * FROM party WHERE id = ANY ($1)";
  await helpers.query(statement("parties", parties, [[order.account, order.provider]]));
  await transaction(helpers, async (client) => {
    await update(client, "orders", id, order.version, order.body);
    await record(client, id, 2);
    for (const channel of ["inbox", "email"]) {
      const values = [`${id}-${channel}`, id, order.account, channel, text(bytes.notice)];
      const sql = "INSERT INTO notice VALUES ($1, $2, $3, $4, 1, $5)";
      await client.query(statement("notice", sql, values));
    }
    const job = "SELECT graphile_worker.add_job('notify', $1)";
    await client.query(statement("job", job, [JSON.stringify({ notice: `${id}-email` })]));
  });
}

async function notify({ notice: id }, helpers) {
  const notice = await find(helpers, "notice", id);
  await find(helpers, "orders", notice.cause);
  const records = "SELECT * FROM evidence WHERE subject = $1 ORDER BY number LIMIT 8";
  await helpers.query(statement("records", records, [notice.cause]));
  await transaction(helpers, async (client) => {
    await update(client, "notice", id, notice.version, notice.body);
    await record(client, id, 1);
  });
  const file = join(outbox, `${id}.eml`);
  const draft = await open(`${file}.part`, "w", 0o600);
  await draft.writeFile(notice.body);
  await draft.close();
  await rename(`${file}.part`, file);
  const claimed = await find(helpers, "notice", id);
  await transaction(helpers, async (client) => {
    await update(client, "notice", id, claimed.version, claimed.body);
    await record(client, id, 2);
  });
}

/** Works everything off: seconds from the start of the workers to the record of the last e-mail. */
async function work(pool) {
  let [left, finished] = [orders];
  const done = new Promise((resolve) => { finished = resolve; });
  const taskList = {
    advance_case: advanceCase,
    notify: async (payload, helpers) => {
      await notify(payload, helpers);
      left -= 1;
      if (left === 0) finished();
    },
  };
  // What its documentation names for throughput: jobs fetched and completed many at a time.
  const inBatches = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
  const begun = performance.now();
  const runner = await run({
    pgPool: pool,
    taskList,
    noHandleSignals: true,
    concurrency,
    logger: undefined,
    preset: { worker: { concurrentJobs: concurrency, ...(batches ? inBatches : {}) } },
  });
  await done;
  const seconds = (performance.now() - begun) / 1000;
  await runner.stop();
  return seconds;
}

const JOBS = "graphile_worker._private_jobs";

async function count(pool, table, where = "true") {
  const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`);
  return rows[0].n;
}

initialise();
const server = spawn(program("postgres"), ["-D", data, "-k", folder, "-c", "listen_addresses="], {
  ...as, cwd: folder, stdio: "ignore",
});
const pool = new pg.Pool({ host: folder, user: "market", database: "postgres", max: concurrency + 4 });
pool.on("error", () => {});
try {
  await started(pool);
  await fill(pool);
  const seconds = await work(pool);
  const settings = {};
  for (const name of ["server_version", "fsync", "synchronous_commit"]) {
    settings[name] = (await pool.query(`SHOW ${name}`)).rows[0][name];
  }
  // Completed in batches, the last are taken out a moment later.
  for (let looks = 0; looks < 100 && (await count(pool, JOBS)) > 0; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const effect = {
    closed: await count(pool, "orders", "version = 2"),
    sent: await count(pool, "notice", "version = 3"),
    evidence: await count(pool, "evidence"),
    jobs_left: await count(pool, JOBS),
  };
  console.log(JSON.stringify({ seconds, wake_ups: 2 * orders, settings, effect }));
} finally {
  await pool.end();
  const ended = new Promise((resolve) => { server.once("exit", resolve); });
  server.kill("SIGINT");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
