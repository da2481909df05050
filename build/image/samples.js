// Appended to the bundle: one object of each built-in kind that the programs make while running. They stay in the
// heap image, so that the first of its kind at run time finds its shape there instead of making one.
globalThis.__samples = [
  new Map([[1, 2]]), new Set([1]), [1].values(), [1].entries(), new Map().entries(), new Map().keys(), new Set().values(),
  'a'[Symbol.iterator](), /a(b)?/.exec('a'), 'a'.matchAll(/a/g), /a/, new Error('a'), new TypeError('a'),
  new RangeError('a'), new SyntaxError('a'), [1].values().next(), () => {}, Object.create(null),
  new Map([[1, 2]]).entries().next(),
];
