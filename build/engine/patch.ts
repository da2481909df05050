// Copies the engine's sources, QuickJS's with the immortal-object patch: node patch.ts ENGINE SOURCE_DIR OUT_DIR
//
// Promises: an object that lies in the heap image is never freed and its reference count is never written, so that
// using it does not make its page private. Each replacement is literal and must match as often as it says;
// another engine release fails here instead of behaving differently.
// Must not: change what a program sees. Even without one of these the engine stays right: image.c also gives image
// objects a huge count, so a forgotten place costs a dirty page, nothing else (strings excepted).
// Read next: ../README.md, ../../src/host/quickjs/image.c.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Replacement {
  readonly file: 'quickjs.c' | 'quickjs.h';
  readonly count: number;
  readonly from: string;
  readonly to: string;
}

// The image lies below everything else: image_limit is a link-time constant, 0 while the image is being built;
// likewise image_atoms, the count of names in it.
const DEFINITION = `
#ifdef HEAP_IMAGE
extern char image_limit[], image_atoms[];
#define IN_IMAGE(p) ((uintptr_t)(p) < (uintptr_t)image_limit)
#define IMAGE_ATOMS ((int)(uintptr_t)image_atoms)
#else
#define IN_IMAGE(p) 0
#define IMAGE_ATOMS 0
#endif
`;

const replacements: readonly Replacement[] = [
  // values
  { file: 'quickjs.h', count: 1, from: '#define JS_BOOL int\n', to: `#define JS_BOOL int\n${DEFINITION}` },
  {
    file: 'quickjs.h',
    count: 2,
    from: 'if (--p->ref_count <= 0) {',
    to: 'if (!IN_IMAGE(p) && --p->ref_count <= 0) {',
  },
  { file: 'quickjs.h', count: 2, from: '        p->ref_count++;\n', to: '        if (!IN_IMAGE(p)) p->ref_count++;\n' },
  // strings
  {
    file: 'quickjs.c',
    count: 1,
    from: '    if (--str->header.ref_count <= 0) {\n',
    to: '    if (!IN_IMAGE(str) && --str->header.ref_count <= 0) {\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '        if (p1->header.ref_count != 1)\n            return FALSE;',
    to: '        if (IN_IMAGE(p1) || p1->header.ref_count != 1)\n            return FALSE;',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: 'if (r->header.ref_count > 1) {\n',
    to: 'if (IN_IMAGE(r) || r->header.ref_count > 1) {\n',
  },
  // atoms: the number alone tells, without a look into their table
  {
    file: 'quickjs.c',
    count: 1,
    from: '        return (int32_t)v < JS_ATOM_END;',
    to: '        return (int32_t)v < JS_ATOM_END || (int32_t)v < IMAGE_ATOMS;',
  },
  {
    file: 'quickjs.c',
    count: 2,
    from: '        p->header.ref_count++;\n    }\n    return v;\n',
    to: '        if (!IN_IMAGE(p)) p->header.ref_count++;\n    }\n    return v;\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: 'if (__JS_AtomIsConst(i))\n                str->header.ref_count--;',
    to: 'if (__JS_AtomIsConst(i) && !IN_IMAGE(str))\n                str->header.ref_count--;',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: 'if (!__JS_AtomIsConst(i))\n                    p->header.ref_count++;',
    to: 'if (!__JS_AtomIsConst(i) && !IN_IMAGE(p))\n                    p->header.ref_count++;',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: 'if (!__JS_AtomIsConst(i))\n                p->header.ref_count++;',
    to: 'if (!__JS_AtomIsConst(i) && !IN_IMAGE(p))\n                p->header.ref_count++;',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    if (--p->header.ref_count > 0)\n        return;\n    JS_FreeAtomStruct(rt, p);',
    to: '    if (IN_IMAGE(p) || --p->header.ref_count > 0)\n        return;\n    JS_FreeAtomStruct(rt, p);',
  },
  // contexts
  {
    file: 'quickjs.c',
    count: 1,
    from: '    ctx->header.ref_count++;\n    return ctx;',
    to: '    if (!IN_IMAGE(ctx)) ctx->header.ref_count++;\n    return ctx;',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    if (--ctx->header.ref_count > 0)\n        return;',
    to: '    if (IN_IMAGE(ctx) || --ctx->header.ref_count > 0)\n        return;',
  },
  // shapes
  {
    file: 'quickjs.c',
    count: 1,
    from: '    sh->header.ref_count++;\n    return sh;',
    to: '    if (!IN_IMAGE(sh)) sh->header.ref_count++;\n    return sh;',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    if (unlikely(--sh->header.ref_count <= 0)) {',
    to: '    if (!IN_IMAGE(sh) && unlikely(--sh->header.ref_count <= 0)) {',
  },
  // variables of closures
  {
    file: 'quickjs.c',
    count: 1,
    from: '        if (--var_ref->header.ref_count == 0) {',
    to: '        if (!IN_IMAGE(var_ref) && --var_ref->header.ref_count == 0) {',
  },
  {
    file: 'quickjs.c',
    count: 6,
    from: ' var_ref->header.ref_count++;',
    to: ' if (!IN_IMAGE(var_ref)) var_ref->header.ref_count++;',
  },
  // the cycle collector: image objects are not in its list; seen as children they are left alone
  {
    file: 'quickjs.c',
    count: 1,
    from: '    assert(p->ref_count > 0);\n    p->ref_count--;\n',
    to: '    if (IN_IMAGE(p)) return;\n    assert(p->ref_count > 0);\n    p->ref_count--;\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    p->ref_count++;\n    if (p->ref_count == 1) {\n',
    to: '    if (IN_IMAGE(p)) return;\n    p->ref_count++;\n    if (p->ref_count == 1) {\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: 'JSGCObjectHeader *p)\n{\n    p->ref_count++;\n}',
    to: 'JSGCObjectHeader *p)\n{\n    if (!IN_IMAGE(p)) p->ref_count++;\n}',
  },
];

const apply = (text: string, { file, count, from, to }: Replacement): string => {
  const parts = text.split(from);
  if (parts.length - 1 === count) return parts.join(to);
  throw new Error(`${file}: expected ${count} times, found ${parts.length - 1} times: ${JSON.stringify(from)}`);
};

const [engine, source, out] = process.argv.slice(2);
if (source === undefined || out === undefined) throw new Error('usage: patch.ts ENGINE SOURCE_DIR OUT_DIR');
const NO_IMAGE: Replacement = {
  file: 'quickjs.h',
  count: 1,
  from: '#include <stdio.h>\n',
  to: '#include <stdio.h>\n#define IN_IMAGE(p) 0\n',
};
const wanted = engine === 'quickjs' ? replacements : [NO_IMAGE];
mkdirSync(out, { recursive: true });
for (const name of readdirSync(source).filter((each) => /\.[ch]$/.test(each))) {
  const mine = wanted.filter(({ file }) => file === name);
  if (mine.length === 0) copyFileSync(join(source, name), join(out, name));
  else writeFileSync(join(out, name), mine.reduce(apply, readFileSync(join(source, name), 'utf8')));
}
