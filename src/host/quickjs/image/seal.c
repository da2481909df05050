/* Finishes the heap before the build stores it. Included by ../engine.c.
 *
 * Promises: afterwards the collector's list is empty, reference counts are too large to reach zero, and the image's tables
 * contain what the programs would otherwise add at run time. The result is the same in every build.
 * Read next: make.c.
 */
#include "image.h"

const size_t engine_context_size = sizeof(JSContext);

#define MANY (1 << 29) /* a reference count that never reaches zero */
#define SLACK 128      /* free entries for new atoms, before their table must be copied */

/* Objects of the image move from the collector's list to this one: they stay linked, and it never visits them. */
static struct list_head *retired;

static int *counts; /* reference counts of the atoms, before the bundle */
static int counted;

void engine_mark(JSContext *ctx) {
  JSRuntime *rt = ctx->rt;
  counts = js_malloc_rt(rt, rt->atom_size * sizeof(int));
  if (!counts) abort();
  counted = rt->atom_size;
  for (int i = 0; i < counted; i++)
    counts[i] = atom_is_free(rt->atom_array[i]) ? 0 : rt->atom_array[i]->header.ref_count;
}

static int is_used(JSRuntime *rt, JSAtom atom) {
  if (__JS_AtomIsTaggedInt(atom) || atom < JS_ATOM_END || atom >= (JSAtom)counted) return 1;
  return rt->atom_array[atom]->header.ref_count > counts[atom];
}

/* The next allocations are for this name. */
static void describe(JSContext *ctx, JSAtom name) {
  if (!__JS_AtomIsTaggedInt(name)) {
    JSString *p = ctx->rt->atom_array[name];
    image_context(p->u.str8, (size_t)p->len << p->is_wide_char);
  }
}

/* The engine makes a built-in function at its first use, which writes to its owner and its shape. Those whose names the bundle
 * contains are made now. */
static void make_builtins(JSContext *ctx, JSObject *p) {
  for (int i = 0; i < p->shape->prop_count; i++) {
    JSShapeProperty *prs = get_shape_prop(p->shape) + i;
    JSProperty *pr = p->prop + i;
    if ((prs->flags & JS_PROP_TMASK) != JS_PROP_AUTOINIT || js_autoinit_get_id(pr) != JS_AUTOINIT_ID_PROP ||
        !is_used(ctx->rt, prs->atom))
      continue;
    describe(ctx, prs->atom);
    if (JS_AutoInitProperty(ctx, p, prs->atom, pr, prs)) abort();
  }
}

static int jump_target(const uint8_t *code, int at) {
  switch (code[at]) {
  case OP_goto8:
  case OP_if_true8:
  case OP_if_false8:
    return at + 1 + (int8_t)code[at + 1];
  case OP_goto16:
    return at + 1 + (int16_t)get_u16(code + at + 1);
  case OP_goto:
  case OP_if_true:
  case OP_if_false:
  case OP_catch:
    return at + 1 + (int)get_u32(code + at + 1);
  default:
    return -1;
  }
}

static int stack_change(const uint8_t *op) {
  const JSOpCode *info = &short_opcode_info(*op);
  int pops = info->n_pop;
  if (info->fmt == OP_FMT_npop || info->fmt == OP_FMT_npop_u16) pops += get_u16(op + 1);
  else if (info->fmt == OP_FMT_npopx) pops += *op - OP_call0;
  return info->n_push - pops;
}

/* Adds a property to a sample object and keeps the shape it then has. */
static void keep_shape(JSContext *ctx, JSValueConst object, JSAtom name) {
  if (JS_DefinePropertyValue(ctx, object, name, JS_UNDEFINED, JS_PROP_C_W_E) < 0) abort();
  js_dup_shape(JS_VALUE_GET_OBJ(object)->shape);
}

/* The engine derives the shape of an object literal property by property, each time it is evaluated. The shapes that a
 * function's literals pass through are made now, so that it only looks them up. This follows the depth of the operand stack;
 * where it is mistaken (exception handlers), a shape is missing or superfluous, which is harmless. */
static void make_shapes(JSContext *ctx, JSFunctionBytecode *b) {
  struct { int depth; JSValue object; } open[16];
  const uint8_t *code = b->byte_code_buf;
  int len = b->byte_code_len, depth = 0, n = 0;
  short *depths = js_malloc_rt(ctx->rt, len * sizeof *depths);
  if (!depths) abort();
  IMAGE_FUNCTION(ctx, b);
  memset(depths, 0xff, len * sizeof *depths);
  for (int at = 0; at < len; at += short_opcode_info(code[at]).size) {
    int target = jump_target(code, at), op = code[at];
    if (depths[at] >= 0) depth = depths[at];
    /* the object may lie below inner ones that are the value of this very field */
    for (int i = n - 1; op == OP_define_field && i >= 0; i--) {
      if (open[i].depth == depth - 2) {
        keep_shape(ctx, open[i].object, get_u32(code + at + 1));
        break;
      }
    }
    depth += stack_change(code + at);
    for (; n > 0 && open[n - 1].depth >= depth; n--) JS_FreeValue(ctx, open[n - 1].object);
    if (op == OP_object && n < 16) {
      open[n].depth = depth - 1;
      open[n++].object = JS_NewObject(ctx);
    }
    if (target > at && target < len) depths[target] = depth;
  }
  while (n > 0) JS_FreeValue(ctx, open[--n].object);
  js_free_rt(ctx->rt, depths);
}

/* The initial shape of objects with this prototype. */
static void keep_first_shape(JSContext *ctx, JSValueConst prototype) {
  if (!JS_IsObject(prototype)) return;
  JSValue object = JS_NewObjectProto(ctx, prototype);
  js_dup_shape(JS_VALUE_GET_OBJ(object)->shape);
  JS_FreeValue(ctx, object);
}

/* The shapes that an object passes through before it has this one: a function's without its name, for example. */
static void keep_shapes_before(JSContext *ctx, const JSShape *sh) {
  if (!sh->is_hashed || sh->prop_count > 8) return;
  for (int i = 0; i < sh->prop_count; i++) {
    if (sh->prop[i].flags & JS_PROP_TMASK) return;
  }
  if (sh->prop_count > 0) describe(ctx, sh->prop[sh->prop_count - 1].atom);
  JSValue object = JS_NewObjectProto(ctx, sh->proto ? JS_MKPTR(JS_TAG_OBJECT, sh->proto) : JS_NULL);
  JSObject *p = JS_VALUE_GET_OBJ(object);
  for (int i = 0; i < sh->prop_count; i++) {
    js_dup_shape(p->shape);
    JSProperty *pr = add_property(ctx, p, sh->prop[i].atom, sh->prop[i].flags);
    if (!pr) abort();
    pr->u.value = JS_UNDEFINED;
  }
  js_dup_shape(p->shape);
  JS_FreeValue(ctx, object);
}

static size_t seal_atoms(JSRuntime *rt) {
  int i, size = rt->atom_size;
  JSAtomStruct **array = js_realloc_rt(rt, rt->atom_array, sizeof(*array) * (size + SLACK));
  if (!array) abort();
  for (i = 0; i < size; i++) {
    if (!atom_is_free(array[i])) array[i]->header.ref_count = MANY;
  }
  /* holes stay empty, so that new atoms are side by side */
  for (i = size; i < size + SLACK; i++) array[i] = atom_set_free(i + 1 < size + SLACK ? i + 1 : 0);
  rt->atom_array = array;
  rt->atom_size = size + SLACK;
  rt->atom_free_index = size;
  if (rt->atom_count + SLACK >= rt->atom_count_resize) JS_ResizeAtomHash(rt, rt->atom_hash_size * 2);
  return size;
}

/* Shapes made at run time go to a table on a page that is written anyway: each would make a page of the large one private. */
static void seal_shapes(JSRuntime *rt) {
  static JSShape *young[64];
  rt->image_shapes = rt->shape_hash;
  rt->image_shapes_bits = rt->shape_hash_bits;
  rt->shape_hash = young;
  rt->shape_hash_bits = 6;
  rt->shape_hash_size = sizeof young / sizeof *young;
  rt->shape_hash_count = 0;
}

size_t engine_seal(JSContext *ctx) {
  JSRuntime *rt = ctx->rt;
  struct list_head *el;
  size_t atoms;
  JS_SetGCThreshold(rt, -1); /* a collection would reorder the lists walked here */
  list_for_each(el, &rt->gc_obj_list) {
    JSGCObjectHeader *p = list_entry(el, JSGCObjectHeader, link);
    if (p->gc_obj_type == JS_GC_OBJ_TYPE_JS_OBJECT) make_builtins(ctx, (JSObject *)p);
    else if (p->gc_obj_type == JS_GC_OBJ_TYPE_FUNCTION_BYTECODE) make_shapes(ctx, (JSFunctionBytecode *)p);
  }
  for (int i = 0; i < rt->class_count; i++) keep_first_shape(ctx, ctx->class_proto[i]);
  for (int i = 0; i < JS_NATIVE_ERROR_COUNT; i++) keep_first_shape(ctx, ctx->native_error_proto[i]);
  js_free_rt(rt, counts);
  JS_RunGC(rt);
  list_for_each(el, &rt->gc_obj_list) {
    JSGCObjectHeader *p = list_entry(el, JSGCObjectHeader, link);
    if (p->gc_obj_type == JS_GC_OBJ_TYPE_SHAPE) keep_shapes_before(ctx, (JSShape *)p);
  }
  image_context("tables", 6);
  atoms = seal_atoms(rt);
  seal_shapes(rt);
  list_for_each(el, &rt->gc_obj_list)
    list_entry(el, JSGCObjectHeader, link)->ref_count = MANY;
  retired = js_malloc_rt(rt, sizeof(*retired));
  if (!retired) abort();
  list_add(retired, &rt->gc_obj_list);
  list_del(&rt->gc_obj_list);
  init_list_head(&rt->gc_obj_list);
  /* the same sources must give the same bytes */
  ctx->random_state = 1;
  rt->stack_top = rt->stack_limit = 0;
  rt->mf = alloc_functions;
  JS_SetGCThreshold(rt, rt->malloc_state.malloc_size + (512 << 10));
  return atoms;
}

