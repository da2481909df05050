// Which room may import which: the arrows run one way, for types too.
//
// Read next: ../../docs/architecture.md (what each room is), room-imports.ts (who holds this).

/** Folder of src -> the folders it may import from, besides itself. 'main' is the files at the top of src. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  main: ['applets', 'client', 'effects', 'cli', 'host'],
  applets: ['client', 'effects', 'log', 'machine', 'formats', 'cli', 'host', 'abi'],
  client: ['effects', 'machine', 'formats', 'cli', 'host', 'abi'],
  effects: ['machine', 'formats', 'cli', 'host', 'abi'],
  log: ['machine', 'formats', 'cli', 'host', 'abi'],
  cli: ['formats', 'host', 'abi'],
  api: ['client', 'formats', 'host', 'abi'],
  machine: ['formats', 'abi'],
  formats: ['abi'],
  host: ['abi'],
  abi: [],
};

/**
 * The folders of one subject within a room -> those that they may import. A folder that is missing here may import none; files
 * at the top of machine and applets may import all, files at the top of effects none.
 */
export const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  'client/lint': ['client'],
  'client/monitor': ['client'],
  effects: [],
  'effects/process': ['effects'],
  'effects/exec': ['effects', 'effects/process'],
  'effects/service': ['effects', 'effects/process'],
  'effects/container': ['effects', 'effects/process'],
  'effects/scan': ['effects', 'effects/process', 'effects/service', 'effects/container'],
  'effects/init': ['effects', 'effects/process', 'effects/container'],
  machine: ['machine/service', 'machine/scan', 'machine/container', 'machine/init', 'machine/exec'],
  applets: ['applets/chpst', 'applets/runitbox', 'applets/sv', 'applets/svprobe'],
  main: ['applets', 'applets/chpst'],
};

/** Where modules of Node.js may be imported; all else runs on QuickJS as well. */
export const ON_NODE = /^src\/(host\/node\/|api\/|node\.ts$)/;

/** Packages of npm that are part of the product, and the one file that imports each. */
export const PACKAGES: Readonly<Record<string, string>> = { minimist: 'src/cli/options.ts' };
