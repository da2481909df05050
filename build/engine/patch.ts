// Copies the engine's sources, QuickJS's with the immortal-object patch: node patch.ts ENGINE SOURCE_DIR OUT_DIR
//
// Promises: an object that lies in the heap image is never freed and its reference count is never written, so that
// using it does not make its page private. Each replacement is literal and must match as often as it says;
// another engine release fails here instead of behaving differently.
// Must not: change what a program sees. Even without one of these the engine stays right: seal.c also gives image
// objects a huge count, so a forgotten place costs a dirty page, nothing else (strings excepted).
// Read next: ../README.md, ../../src/host/quickjs/image/make.c.
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
#ifdef __s390x__
#define IMAGE_ATOMS ((int)((uintptr_t)image_atoms / 2)) /* an address is even there: elf.ts doubles it */
#else
#define IMAGE_ATOMS ((int)(uintptr_t)image_atoms)
#endif
extern void image_context(const void *bytes, size_t len);
/* While the image is built: what the next blocks are for. At run time the context is in the image. */
#define IMAGE_CONTEXT(ctx, bytes, len) do { if (!IN_IMAGE(ctx)) image_context(bytes, len); } while (0)
#define IMAGE_FUNCTION(ctx, b) do { if (!IN_IMAGE(ctx)) { int about[] = { (b)->arg_count, (b)->var_count, \\
    (b)->stack_size, (b)->closure_var_count, (b)->cpool_count, (b)->byte_code_len }; \\
    image_context(about, sizeof about); } } while (0)
#else
#define IN_IMAGE(p) 0
#define IMAGE_ATOMS 0
#define IMAGE_CONTEXT(ctx, bytes, len) ((void)0)
#define IMAGE_FUNCTION(ctx, b) ((void)0)
#endif
`;

// `{ ...plain, changed }` is how a state becomes the next one. Property by property the engine takes ten times as long.
const CLONE = `
/* The properties of a plain object into an empty one: the same shape, the values copied. 0: not that simple a case. */
static int clone_plain(JSContext *ctx, JSValueConst target, JSObject *from)
{
    JSShape *sh = from->shape;
    JSShapeProperty *described = get_shape_prop(sh);
    JSProperty *prop;
    JSObject *to;
    int i;
    if (JS_VALUE_GET_TAG(target) != JS_TAG_OBJECT)
        return 0;
    to = JS_VALUE_GET_OBJ(target);
    if (from->class_id != JS_CLASS_OBJECT || to->class_id != JS_CLASS_OBJECT || !to->extensible || to->shape->prop_count)
        return 0;
    if (!sh->is_hashed || !sh->prop_count || sh->deleted_prop_count || to->shape->proto != sh->proto)
        return 0;
    for (i = 0; i < sh->prop_count; i++)
        if (described[i].flags != JS_PROP_C_W_E)
            return 0;
    prop = js_malloc(ctx, sizeof *prop * sh->prop_size);
    if (!prop)
        return -1;
    for (i = 0; i < sh->prop_count; i++)
        prop[i].u.value = JS_DupValue(ctx, from->prop[i].u.value);
    js_free(ctx, to->prop);
    js_free_shape(ctx->rt, to->shape);
    to->prop = prop;
    to->shape = js_dup_shape(sh);
    return 1;
}

`;

// The fields of an object literal, one by one: found or added without asking what a definition may mean in general.
const DEFINE = `
/* One field of a plain object; takes the value. 0: not that simple a case, and the value is not taken. */
static int define_plain(JSContext *ctx, JSValueConst target, JSAtom atom, JSValue value)
{
    JSObject *p;
    JSProperty *prop;
    JSShapeProperty *described;
    if (JS_VALUE_GET_TAG(target) != JS_TAG_OBJECT || __JS_AtomIsTaggedInt(atom))
        return 0;
    p = JS_VALUE_GET_OBJ(target);
    if (p->class_id != JS_CLASS_OBJECT || !p->extensible)
        return 0;
    described = find_own_property(&prop, p, atom);
    if (described && described->flags != JS_PROP_C_W_E)
        return 0;
    if (described) {
        set_value(ctx, &prop->u.value, value);
        return 1;
    }
    prop = add_property(ctx, p, atom, JS_PROP_C_W_E);
    if (!prop) {
        JS_FreeValue(ctx, value);
        return -1;
    }
    prop->u.value = value;
    return 1;
}

`;

// The shapes with a hash: those of the image first, then those made since. `h1`: the place in the table of the latter.
const SHAPES = `
static JSShape *first_shape(JSRuntime *rt, uint32_t h, uint32_t h1)
{
    JSShape *sh = rt->image_shapes ? rt->image_shapes[get_shape_hash(h, rt->image_shapes_bits)] : NULL;
    return sh ? sh : rt->shape_hash[h1];
}

static JSShape *next_shape(JSRuntime *rt, JSShape *sh, uint32_t h1)
{
    return sh->shape_hash_next || !IN_IMAGE(sh) ? sh->shape_hash_next : rt->shape_hash[h1];
}

`;

// Most comparisons are between names of kinds and types. These are atoms, and a text has only one atom.
const COMPARE = `
#define OP_COMPARE(opcode, binary_op, slow_call)                        \\
            CASE(opcode):                                               \\
                {                                                       \\
                JSValue op1, op2;                                       \\
                op1 = sp[-2];                                           \\
                op2 = sp[-1];                                           \\
                if (likely(JS_VALUE_IS_BOTH_INT(op1, op2))) {           \\
                    sp[-2] = JS_NewBool(ctx, JS_VALUE_GET_INT(op1) binary_op JS_VALUE_GET_INT(op2)); \\
                    sp--;                                               \\
                } else if (addresses_decide(op1, op2)) {                 \\
                    sp[-2] = JS_NewBool(ctx, JS_VALUE_GET_PTR(op1) binary_op JS_VALUE_GET_PTR(op2)); \\
                    sp--;                                               \\
                    JS_FreeValue(ctx, op1);                             \\
                    JS_FreeValue(ctx, op2);                             \\
                } else {                                                \\
                    sf->cur_pc = pc;                                    \\
                    if (slow_call)                                      \\
                        goto exception;                                 \\
                    sp--;                                               \\
                }                                                       \\
                }                                                       \\
            BREAK

            OP_COMPARE(OP_eq, ==, js_eq_slow(ctx, sp, 0));
            OP_COMPARE(OP_neq, !=, js_eq_slow(ctx, sp, 1));
            OP_COMPARE(OP_strict_eq, ==, js_strict_eq_slow(ctx, sp, 0));
            OP_COMPARE(OP_strict_neq, !=, js_strict_eq_slow(ctx, sp, 1));
`;

const ADDRESSES_DECIDE = `
/* Whether two values are one string, or two strings of which each is the only atom with its text: then they are equal if their addresses
   are. The description of a symbol is a string too, but not such an atom. */
static inline BOOL addresses_decide(JSValueConst one, JSValueConst other)
{
    if (JS_VALUE_GET_TAG(one) != JS_TAG_STRING || JS_VALUE_GET_TAG(other) != JS_TAG_STRING)
        return FALSE;
    return JS_VALUE_GET_PTR(one) == JS_VALUE_GET_PTR(other) ||
        (JS_VALUE_GET_STRING(one)->atom_type == JS_ATOM_TYPE_STRING &&
            JS_VALUE_GET_STRING(other)->atom_type == JS_ATOM_TYPE_STRING);
}

`;

/**
 * The variables of one frame that closures have, by number. The engine searches a list for each variable of each closure: in the
 * top level of a cold part, where a thousand functions have each other, that took 40 % of the time of `sv list`.
 */
const MANY_VARIABLES = `
#define MANY_VARIABLES 64
static struct {
    JSStackFrame *frame;
    JSVarRef **refs;
    size_t size;
} many;

static void forget_many(void)
{
    munmap(many.refs, many.size);
    many.frame = NULL;
}

/* Where the reference of a variable is noted; NULL: the frame has few, or may move. */
static JSVarRef **place_in_many(JSStackFrame *sf, int var_idx)
{
    struct list_head *el;
    int count = JS_VALUE_GET_OBJ(sf->cur_func)->u.func.function_bytecode->var_count;
    if (many.frame == sf)
        return &many.refs[var_idx];
    if (count < MANY_VARIABLES || (sf->js_mode & JS_MODE_ASYNC))
        return NULL;
    if (many.frame)
        forget_many();
    many.size = count * sizeof(JSVarRef *);
    many.refs = mmap(NULL, many.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (many.refs == MAP_FAILED)
        return NULL;
    many.frame = sf;
    list_for_each(el, &sf->var_ref_list) {
        JSVarRef *var_ref = list_entry(el, JSVarRef, var_ref_link);
        if (var_ref->pvalue >= sf->var_buf && var_ref->pvalue < sf->var_buf + count)
            many.refs[var_ref->pvalue - sf->var_buf] = var_ref;
    }
    return &many.refs[var_idx];
}

/* A reference leaves its frame. */
static void leave_many(JSVarRef *var_ref)
{
    if (many.frame && var_ref->pvalue >= many.frame->var_buf &&
        var_ref->pvalue < many.frame->var_buf + many.size / sizeof(JSVarRef *))
        many.refs[var_ref->pvalue - many.frame->var_buf] = NULL;
}

`;

/** Functions of Math that nothing here calls, and the tables that they alone need: 25 KB. test/unit/build/engine.test.ts holds it. */
const NO_MATH = [
  ...[
    'acos',
    'asin',
    'atan',
    'atan2',
    'cos',
    'exp',
    'log',
    'sin',
    'tan',
    'cosh',
    'sinh',
    'tanh',
    'acosh',
    'asinh',
    'atanh',
  ],
  ...['expm1', 'log1p', 'log2', 'log10', 'cbrt'],
];
const withoutMath = (name: string): Replacement => ({
  file: 'quickjs.c',
  count: 1,
  from: `    JS_CFUNC_SPECIAL_DEF("${name}", ${name === 'atan2' ? '2, f_f_f' : '1, f_f'}, ${name} ),\n`,
  to: '',
});

const replacements: readonly Replacement[] = [
  ...NO_MATH.map(withoutMath),
  // variables of closures
  {
    file: 'quickjs.c',
    count: 1,
    from: '#include "list.h"\n',
    to: '#include "list.h"\n#include <sys/mman.h>\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: 'static void free_var_ref(JSRuntime *rt, JSVarRef *var_ref)\n{',
    to: `${MANY_VARIABLES}static void free_var_ref(JSRuntime *rt, JSVarRef *var_ref)\n{`,
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '                list_del(&var_ref->var_ref_link); /* still on the stack */\n',
    to: '                list_del(&var_ref->var_ref_link); /* still on the stack */\n                leave_many(var_ref);\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '        if (var_ref->pvalue == pvalue) {\n            list_del(&var_ref->var_ref_link);\n',
    to: '        if (var_ref->pvalue == pvalue) {\n            list_del(&var_ref->var_ref_link);\n            leave_many(var_ref);\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    JSVarRef *var_ref;\n\n    list_for_each_safe(el, el1, &sf->var_ref_list) {\n',
    to:
      '    JSVarRef *var_ref;\n\n    if (many.frame == sf)\n        forget_many();\n' +
      '    list_for_each_safe(el, el1, &sf->var_ref_list) {\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: 'if (unlikely(!list_empty(&sf->var_ref_list))) {',
    to: 'if (unlikely(!list_empty(&sf->var_ref_list) || many.frame == sf)) {',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '        pvalue = &sf->var_buf[var_idx];\n\n    list_for_each(el, &sf->var_ref_list) {\n',
    to:
      '        pvalue = &sf->var_buf[var_idx];\n\n    JSVarRef **place = is_arg ? NULL : place_in_many(sf, var_idx);\n' +
      '    if (place && (var_ref = *place)) {\n        ++var_ref->header.ref_count;\n        return var_ref;\n    }\n' +
      '    if (!place) list_for_each(el, &sf->var_ref_list) {\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    list_add_tail(&var_ref->var_ref_link, &sf->var_ref_list);\n',
    to: '    list_add_tail(&var_ref->var_ref_link, &sf->var_ref_list);\n    if (place)\n        *place = var_ref;\n',
  },
  // spread
  {
    file: 'quickjs.c',
    count: 1,
    from: 'static __exception int JS_CopyDataProperties(JSContext *ctx,\n',
    to: `${CLONE}static __exception int JS_CopyDataProperties(JSContext *ctx,\n`,
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    p = JS_VALUE_GET_OBJ(source);\n\n    gpn_flags = JS_GPN_STRING_MASK',
    to:
      '    p = JS_VALUE_GET_OBJ(source);\n\n    ret = pexcl || setprop ? 0 : clone_plain(ctx, target, p);\n' +
      '    if (ret)\n        return ret < 0 ? -1 : 0;\n    gpn_flags = JS_GPN_STRING_MASK',
  },
  // searching: position by position the engine compares, and takes ten times as long as its own split
  {
    file: 'quickjs.c',
    count: 1,
    from: '    if (len >= v_len && inc * (stop - start) >= 0) {\n',
    to:
      '    if (len >= v_len && inc > 0 && start <= stop)\n        ret = string_indexof(p, p1, start);\n' +
      '    else if (len >= v_len && inc * (stop - start) >= 0) {\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    if (start >= 0 && start <= stop) {\n        for (i = start;; i++) {\n',
    to:
      '    if (magic == 0 && start <= stop)\n        ret = string_indexof(p, p1, start) >= 0;\n' +
      '    else if (start >= 0 && start <= stop) {\n        for (i = start;; i++) {\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '            for (i = from; i < len; i++) {\n                if (p->u.str8[i] == (uint8_t)c)\n                    return i;\n            }\n',
    to:
      '            const uint8_t *at = memchr(p->u.str8 + from, c, len - from);\n' +
      '            return at ? at - p->u.str8 : -1;\n',
  },
  // object literals
  {
    file: 'quickjs.c',
    count: 1,
    from: 'static JSValue JS_CallInternal(JSContext *caller_ctx, JSValueConst func_obj,\n                               JSValueConst this_obj, JSValueConst new_target,\n                               int argc, JSValue *argv, int flags)\n{',
    to: `static JSValue JS_CallInternal(JSContext *caller_ctx, JSValueConst func_obj,
                               JSValueConst this_obj, JSValueConst new_target,
                               int argc, JSValue *argv, int flags);
${DEFINE}${ADDRESSES_DECIDE}static JSValue JS_CallInternal(JSContext *caller_ctx, JSValueConst func_obj,
                               JSValueConst this_obj, JSValueConst new_target,
                               int argc, JSValue *argv, int flags)
{`,
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '                ret = JS_DefinePropertyValue(ctx, sp[-2], atom, sp[-1],\n                                             JS_PROP_C_W_E | JS_PROP_THROW);\n                sp--;\n',
    to:
      '                ret = define_plain(ctx, sp[-2], atom, sp[-1]);\n                if (!ret)\n' +
      '                    ret = JS_DefinePropertyValue(ctx, sp[-2], atom, sp[-1], JS_PROP_C_W_E | JS_PROP_THROW);\n' +
      '                sp--;\n',
  },
  // comparing
  {
    file: 'quickjs.c',
    count: 1,
    from: `
            OP_CMP(OP_eq, ==, js_eq_slow(ctx, sp, 0));
            OP_CMP(OP_neq, !=, js_eq_slow(ctx, sp, 1));
            OP_CMP(OP_strict_eq, ==, js_strict_eq_slow(ctx, sp, 0));
            OP_CMP(OP_strict_neq, !=, js_strict_eq_slow(ctx, sp, 1));
`,
    to: COMPARE,
  },
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
  // what a block of the image is for (src/host/quickjs/image/make.c)
  {
    file: 'quickjs.c',
    count: 1,
    from: '    p = js_alloc_string(s->ctx, len, is_wide_char);\n    if (!p) {\n        s->error_state = -1;',
    to:
      '    IMAGE_CONTEXT(s->ctx, s->ptr, (size_t)len << is_wide_char);\n' +
      '    p = js_alloc_string(s->ctx, len, is_wide_char);\n    if (!p) {\n        s->error_state = -1;',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '        function_size += bc.byte_code_len;\n    }\n',
    to: '        function_size += bc.byte_code_len;\n    }\n    IMAGE_FUNCTION(ctx, &bc);\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '    b = JS_VALUE_GET_PTR(bfunc);\n    func_obj = JS_NewObjectClass(ctx, func_kind',
    to: '    b = JS_VALUE_GET_PTR(bfunc);\n    IMAGE_FUNCTION(ctx, b);\n    func_obj = JS_NewObjectClass(ctx, func_kind',
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
  // nobody sets an interrupt handler: a call and a jump need not count down to one, in memory that each process has for itself
  {
    file: 'quickjs.c',
    count: 1,
    from: '    if (unlikely(--ctx->interrupt_counter <= 0)) {\n        return __js_poll_interrupts(ctx);\n    } else {\n        return 0;\n    }\n',
    to: '    return 0;\n',
  },
  // shapes: those of the image stay in a table of their own, which is never written; a new one among them would take a page
  {
    file: 'quickjs.c',
    count: 1,
    from: '    JSShape **shape_hash;\n',
    to: '    JSShape **shape_hash;\n    JSShape **image_shapes; /* NULL: the image is being built */\n    int image_shapes_bits;\n',
  },
  {
    file: 'quickjs.c',
    count: 1,
    from: '/* find a hashed empty shape matching the prototype. Return NULL if\n   not found */\n',
    to: SHAPES,
  },
  {
    file: 'quickjs.c',
    count: 2,
    from: '    for(sh1 = rt->shape_hash[h1]; sh1 != NULL; sh1 = sh1->shape_hash_next) {\n',
    to: '    for(sh1 = first_shape(rt, h, h1); sh1 != NULL; sh1 = next_shape(rt, sh1, h1)) {\n',
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
