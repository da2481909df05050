// All of Linux's numbers under one name, for tests that go through many calls.
export * from '../../src/abi/errno.ts';
export * from '../../src/abi/flags.ts';
export * from '../../src/abi/signals.ts';
