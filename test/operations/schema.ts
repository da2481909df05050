// docs/sv.schema.json describes what sv prints and what supervisors record: held by python3-jsonschema.
//
// Read next: ../../docs/sv.schema.json, ../../src/formats/history.ts.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeEvent, type HistoryEvent } from '../../src/formats/history.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import type { Make, Tree } from './tree.ts';

const SCHEMA = join(import.meta.dirname, '../../docs/sv.schema.json');

/** Each line of standard input is one instance of a definition; prints the first that is none. */
const VALIDATE_LINES = `
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
schema = {"$schema": schema["$schema"], "$ref": "#/$defs/" + sys.argv[2], "$defs": schema["$defs"]}
validator = jsonschema.Draft202012Validator(schema)
count = 0
for line in sys.stdin:
    count += 1
    for error in validator.iter_errors(json.loads(line)):
        sys.exit(f"{line}: {error.message}")
print(count)
`;

/** How many lines of a file are that; fails for one that is not. */
const countOf = async (tree: Tree, definition: string, file: string): Promise<number> => {
  writeFileSync(join(tree.dir, 'lines.py'), VALIDATE_LINES);
  const { code, text } = await tree.shell(`python3 lines.py ${SCHEMA} ${definition} < ${file}`);
  assert.equal(code, 0, text);
  return Number(text);
};

const END = { pid: 7, ran: 0.25, cause: 'exit' } as const;

/** One of each kind at least: the compiler misses a new one. */
const EVENTS: Readonly<Record<HistoryEvent['event'], readonly HistoryEvent[]>> = {
  started: [{ event: 'started', pid: 7 }],
  ready: [{ event: 'ready', pid: 7, after: 0.5 }],
  unready: [{ event: 'unready', pid: 7, after: 12 }],
  reloading: [{ event: 'reloading', pid: 7, after: 12 }],
  stopping: [{ event: 'stopping', pid: 7, signal: 'TERM', by: 'sv' }],
  killed: [{ event: 'killed', pid: 7, by: 'timeout-kill' }],
  ended: [
    { event: 'ended', ...END, code: 1 },
    { event: 'ended', ...END, signal: 'KILL', oom: 'possible' },
    { event: 'ended', ...END, cause: 'watchdog', signal: 'ABRT', oom: true },
  ],
  finished: [{ event: 'finished', took: 2, code: 0 }],
  waiting: [
    { event: 'waiting', why: 'delay', seconds: 4 },
    { event: 'waiting', why: 'dependency', for: ['db'] },
  ],
  failed: [{ event: 'failed', reason: 'exit code 1, 5 failures in a row' }],
  done: [{ event: 'done', reason: 'exit code 0' }],
};

const WRONG: readonly string[] = [
  '{"at":"2026-11-27T11:52:59.871Z","n":1,"event":"ended","pid":1,"ran":1,"cause":"exit"}',
  '{"at":"2026-11-27T11:52:59.871Z","n":1,"event":"ended","pid":1,"ran":1,"cause":"exit","code":1,"signal":"KILL"}',
  '{"at":"2026-11-27T11:52:59.871Z","n":1,"event":"nonsense"}',
  '{"at":"yesterday","n":1,"event":"started","pid":1}',
  '{"at":"2026-11-27T11:52:59.871Z","event":"started","pid":1}',
];

const described: Case = {
  title: 'the schema describes every event that a supervisor records, and refuses others',
  needs: ['python3'],
  async attempt(tree) {
    const lines = Object.values(EVENTS)
      .flat()
      .map((event, at) => encodeEvent({ at: '2026-11-27T11:52:59.871Z', n: at + 1, lost: at % 2 }, event));
    writeFileSync(join(tree.dir, 'events'), lines.join(''), 'latin1');
    assert.equal(await countOf(tree, 'recorded', 'events'), lines.length);
    for (const wrong of WRONG) {
      writeFileSync(join(tree.dir, 'wrong'), `${wrong}\n`);
      await assert.rejects(countOf(tree, 'recorded', 'wrong'), `${wrong} was taken`);
    }
  },
};

const watched = (make: Make): Case => ({
  title: `lines of watch --json and objects of why --json are what the schema says (${make === 'ours' ? 'our runsv' : "C's runsv"})`,
  needs: ['python3'],
  async attempt(tree) {
    tree.service('web', 'exec sleep 1000');
    tree.service('bad', 'exit 3');
    tree.start(make);
    await tree.is('web', 'running');
    await tree.shell('sv watch --json >events 2>&1 </dev/null & echo $! >watch.pid');
    const lines = async (): Promise<string> => (await tree.shell('cat events')).text;
    await until('what they are', async () => /"web".*"is"/.test(await lines()));
    tree.service('late', 'exec sleep 1000');
    await tree.is('late', 'running');
    await tree.shell('kill -KILL "$(cat service/web/supervise/pid)"');
    await until('the end of web', async () => /"web".*"(started|changed)"/.test(await lines()));
    await tree.shell('sv -w 9 shutdown late; rm -r service/late');
    await until('the end of late', async () => /"late".*"removed"/.test(await lines()));
    await tree.shell('kill $(cat watch.pid)');
    assert.ok((await countOf(tree, 'watched', 'events')) >= 5, await lines());
    await tree.shell("sv why --json bad web | sed 's/^\\[//; s/^ //; s/\\]$//; s/},$/}/' >why");
    assert.equal(await countOf(tree, 'supervised', 'why'), 2);
    const { text } = await tree.shell('cat service/*/supervise/history.jsonl 2>/dev/null >histories; wc -l <histories');
    assert.equal(await countOf(tree, 'recorded', 'histories'), Number(text));
  },
});

const WRONG_VERTEX: readonly string[] = [
  '{"service":"a","condition":"missing","dependencies":[]}',
  '{"service":"a","condition":null}',
  '{"service":"a","condition":"down","dependencies":[1]}',
];

const vertices: Case = {
  title: 'objects of graph --json are what the schema says',
  needs: ['python3', 'jq'],
  async attempt(tree) {
    tree.service('a', 'exec sleep 1000');
    tree.file('a/dependencies.d/gone', 'optional\n');
    tree.start('ours');
    await tree.is('a', 'running');
    const { code, text } = await tree.shell("sv graph --json | jq -c '.[]' >vertices; cat vertices");
    assert.equal(code, 0, text);
    assert.equal(await countOf(tree, 'vertex', 'vertices'), 2, text);
    for (const wrong of WRONG_VERTEX) {
      writeFileSync(join(tree.dir, 'wrong'), `${wrong}\n`);
      await assert.rejects(countOf(tree, 'vertex', 'wrong'), `${wrong} was taken`);
    }
  },
};

export const SCHEMA_CASES: readonly Case[] = [described, vertices, watched('ours'), watched('c')];
