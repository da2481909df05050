// Finds the places of a source file where a small change should make a test fail, and writes all changes into one text.
//
// A changed expression becomes `(__mutant(N) ? changed : original)`: one bundle holds every mutant, and a number chooses.
// The parser is rolldown's, which vitest brings. Read next: run.ts.
import { parseAst } from 'rolldown/parseAst';

export interface Mutant {
  readonly id: number;
  readonly path: string;
  readonly line: number;
  readonly was: string;
  readonly becomes: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const OPERATORS: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
};

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string';

/** Types, names and module paths are not expressions. */
const SKIPPED: Readonly<Record<string, readonly string[]>> = {
  ImportDeclaration: ['source', 'specifiers'],
  ExportNamedDeclaration: ['source'],
  ExportAllDeclaration: ['source'],
  Property: ['key'],
  MemberExpression: ['property'],
};
const EXPRESSIONS_OF_TYPESCRIPT = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'];

const childrenOf = (node: Node): readonly Node[] => {
  const skipped = node['computed'] === true ? [] : (SKIPPED[node.type] ?? []);
  return Object.entries(node)
    .filter(([key]) => !skipped.includes(key))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter(isNode)
    .filter(({ type }) => !type.startsWith('TS') || EXPRESSIONS_OF_TYPESCRIPT.includes(type))
    .sort((one, other) => one.start - other.start);
};

/** What an expression may be changed into. */
const changesOf = (node: Node, text: (part: Node) => string): readonly string[] => {
  const part = (key: string): string => text(node[key] as Node);
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression': {
      const operator = OPERATORS[node['operator'] as string];
      return operator === undefined ? [] : [`(${part('left')}) ${operator} (${part('right')})`];
    }
    case 'ConditionalExpression':
      return [part('consequent'), part('alternate')];
    case 'UnaryExpression':
      return node['operator'] === '!' || node['operator'] === '-' ? [part('argument')] : [];
    case 'ArrayExpression':
      return (node['elements'] as readonly unknown[]).length === 0 ? [] : ['[]'];
    case 'Literal':
      return literalChanges(node['value']);
    case 'CallExpression':
      return callChanges(text(node));
    default:
      return [];
  }
};

const literalChanges = (value: unknown): readonly string[] => {
  if (typeof value === 'boolean') return [String(!value)];
  if (typeof value === 'number') return [String(value + 1)];
  return typeof value === 'string' ? [value === '' ? "'mutant'" : "''"] : [];
};

const callChanges = (call: string): readonly string[] => {
  if (call.startsWith('Math.min(')) return [call.replace('min', 'max')];
  return call.startsWith('Math.max(') ? [call.replace('max', 'min')] : [];
};

const isStatementTest = (parent: Node | null, node: Node): boolean =>
  parent?.type === 'IfStatement' && parent['test'] === node;

/** The text with every mutant in it; `mutants` gets what they are. */
export const instrument = (path: string, source: string, mutants: Mutant[]): string => {
  const text = ({ start, end }: Node): string => source.slice(start, end);
  const write = (node: Node, parent: Node | null): string => {
    let written = '';
    let at = node.start;
    for (const child of childrenOf(node)) {
      // a shorthand property has its value twice
      if (child.start < at) continue;
      written += source.slice(at, child.start) + write(child, node);
      at = child.end;
    }
    written += source.slice(at, node.end);
    const changes = isStatementTest(parent, node) ? ['true', 'false'] : changesOf(node, text);
    for (const becomes of new Set(changes)) {
      const id = mutants.length;
      const line = source.slice(0, node.start).split('\n').length;
      mutants.push({ id, path, line, was: text(node), becomes });
      written = `(__mutant(${id}) ? (${becomes}) : ${written})`;
    }
    return written;
  };
  return write(parseAst(source, { lang: 'ts' }) as unknown as Node, null);
};
