// The verbs that are programs of their own, with options behind the word. Each begins with a letter on which every other sv
// prints its usage, or with s for status: typed at C's sv they do no harm.
//
// What they do lies in the cold part. Read next: tool.ts, ../sv.ts (who calls them), ../../cold-sv.ts.
import type { Tool } from './tool.ts';

const JSON_ARRAY = { long: 'json', text: 'as a JSON array' } as const;
const USAGE = { long: 'usage', text: 'add CPU time, memory and processes; implies --json' } as const;

const WAIT = { letter: 'w', value: 'sec', text: 'seconds to wait' } as const;

export const tools: readonly Tool[] = [
  {
    name: 'help',
    operands: '[command]',
    text: 'explain a command',
    options: [],
    wantsOperands: false,
  },
  {
    name: 'list',
    operands: '[pattern ...]',
    text: 'print a table of all services, or of those that match',
    options: [{ long: 'json', text: 'as a JSON array instead' }, USAGE],
    wantsOperands: false,
  },
  {
    name: 'status',
    operands: '--json service ...',
    text: 'print the state of services as a JSON array',
    options: [{ long: 'json', text: 'as a JSON array' }, USAGE],
    wantsOperands: true,
  },
  {
    name: 'why',
    operands: 'service ...',
    text: 'explain the state of services, with their last exits and log lines',
    options: [JSON_ARRAY],
    wantsOperands: true,
  },
  {
    name: 'wait',
    operands: 'up|ready|down|done|failed|gone service ...',
    text: 'wait until services are in a state; without -w there is no time limit',
    options: [{ long: 'any', text: 'until one of them is' }, WAIT],
    wantsOperands: true,
  },
  {
    name: 'watch',
    operands: '[pattern ...]',
    text: 'print events of services as they happen',
    options: [{ long: 'json', text: 'as JSON, one object per line' }],
    wantsOperands: false,
  },
  {
    name: 'logs',
    operands: 'service ...',
    text: 'print the last lines of the logs of services',
    options: [
      { letter: 'f', text: 'keep printing new lines, until INT or TERM' },
      { letter: 'n', value: 'lines', text: 'print this number of lines instead of 20' },
    ],
    wantsOperands: true,
  },
  {
    name: 'monitor',
    operands: '[pattern ...]',
    text: 'show all services, or those that match, as a table that stays up to date; ? lists its keys',
    options: [],
    wantsOperands: false,
  },
  {
    name: 'metrics',
    operands: '[pattern ...]',
    text: 'print all services, or those that match, as Prometheus text',
    options: [
      { long: 'output', value: 'file', text: 'replace file instead, for the textfile collector' },
      { long: 'every', value: 'sec', text: 'with --output: again every sec seconds' },
      { long: 'listen', value: 'address', text: 'serve it at http://ADDRESS/metrics: host:port or unix:path' },
    ],
    wantsOperands: false,
  },
  {
    name: 'graph',
    operands: '[service ...]',
    text: 'print the dependencies of services as a tree, each with its state',
    options: [JSON_ARRAY],
    wantsOperands: false,
  },
  {
    name: 'lint',
    operands: '[dir ...]',
    text: 'check service directories without starting anything',
    options: [{ long: 'strict', text: 'count warnings as errors' }],
    wantsOperands: false,
  },
  {
    name: 'new',
    operands: 'name -- command ...',
    text: 'create a service directory in $SVSRC',
    options: [
      { long: 'log', text: 'with a log service' },
      { long: 'user', value: 'user[:group]', text: 'run the command as this user' },
      { long: 'env', value: 'file', text: 'with the variables in file' },
      { long: 'ready', value: 'fd|socket|http:port', text: 'how the service reports that it is ready' },
      { long: 'essential', text: 'the container ends when this service has ended for good' },
      { long: 'procfile', value: 'file', text: 'create one for each line of a Procfile instead' },
      { long: 'like', value: 'template', text: 'create instances of a template instead, with these names' },
    ],
    wantsOperands: false,
    keepsDashes: true,
  },
  {
    name: 'scale',
    operands: 'name@ number',
    text: 'run this number of instances name@1, name@2 ... in $SVDIR',
    options: [WAIT],
    wantsOperands: true,
  },
  {
    name: 'link',
    operands: 'name ...',
    text: 'link service directories of $SVSRC into $SVDIR and wait until they are supervised',
    options: [WAIT],
    wantsOperands: true,
  },
  {
    name: 'remove',
    operands: 'name ...',
    text: 'remove the links of services from $SVDIR and wait until their runsv has ended',
    options: [WAIT],
    wantsOperands: true,
  },
];
