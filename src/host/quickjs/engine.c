/* The engine, and the doors into it that its public header lacks.
 *
 * Promises: no policy; each function is short and touches only what its comment says. Both engines compile here:
 * QuickJS (the product) and quickjs-ng (RUNITBOX_NG, no heap image).
 * Read next: host.h (what each function promises), image.c.
 */
#include "quickjs.c"
#include "host.h"

JSContext *engine_new(void) {
#ifdef HEAP_IMAGE
  /* room for the context beside the runtime: both are written at every start */
  JSMallocState ignored = {0};
  void *room = alloc_functions.js_malloc(&ignored, sizeof(JSContext));
#endif
  JSRuntime *rt = JS_NewRuntime2(&alloc_functions, NULL);
#ifdef HEAP_IMAGE
  alloc_functions.js_free(&ignored, room);
#endif
  JSContext *ctx = rt ? JS_NewContextRaw(rt) : NULL;
  if (!ctx)
    return NULL;
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicRegExp(ctx);
  JS_AddIntrinsicJSON(ctx);
  JS_AddIntrinsicMapSet(ctx);
  return ctx;
}

JSValue engine_bytes(JSContext *ctx, const char *bytes, size_t len) {
  return js_new_string8_len(ctx, bytes, len);
}

int64_t engine_length(JSContext *ctx, JSValueConst value) {
  int64_t length;
#ifdef RUNITBOX_NG
  int array = JS_IsArray(value);
#else
  int array = JS_IsArray(ctx, value);
#endif
  return array > 0 && js_get_length64(ctx, &length, value) == 0 ? length : -1;
}

#ifdef RUNITBOX_NG

/* The public way: UTF-8, folded back to bytes. */
int engine_view(JSContext *ctx, JSValueConst value, const char **bytes, size_t *len, void **owned) {
  size_t n, i, o = 0;
  const char *utf8;
  char *copy;
  *owned = NULL;
  if (!JS_IsString(value)) {
    JS_ThrowTypeError(ctx, "not a string");
    return -1;
  }
  utf8 = JS_ToCStringLen(ctx, &n, value);
  if (!utf8)
    return -1;
  copy = js_malloc(ctx, n + 1);
  for (i = 0; copy && i < n; o++) {
    unsigned char c = utf8[i++];
    if (c > 0xc3) {
      JS_ThrowTypeError(ctx, "not a byte string");
      js_free(ctx, copy);
      copy = NULL;
    } else {
      copy[o] = c < 0x80 ? c : (char)(c << 6 | (utf8[i++] & 0x3f));
    }
  }
  JS_FreeCString(ctx, utf8);
  if (!copy)
    return -1;
  copy[o] = 0;
  *owned = copy;
  *bytes = copy;
  *len = o;
  return 0;
}

JSValue engine_numbers(JSContext *ctx, const int64_t *v, size_t count) {
  JSValue array = JS_NewArray(ctx);
  for (size_t i = 0; i < count && !JS_IsException(array); i++) {
    if (JS_SetPropertyUint32(ctx, array, i, JS_NewInt64(ctx, v[i])) < 0) {
      JS_FreeValue(ctx, array);
      array = JS_EXCEPTION;
    }
  }
  return array;
}

#else

/* Most byte strings are used where they lie. A rope is made flat first and then keeps the flat string alive. */
int engine_view(JSContext *ctx, JSValueConst value, const char **bytes, size_t *len, void **owned) {
  JSString *p;
  uint32_t i;
  *owned = NULL;
  if (!JS_IsString(value)) {
    JS_ThrowTypeError(ctx, "not a string");
    return -1;
  }
  if (JS_VALUE_GET_TAG(value) == JS_TAG_STRING_ROPE) {
    JSValue flat = js_linearize_string_rope(ctx, JS_DupValue(ctx, value));
    if (JS_IsException(flat))
      return -1;
    p = JS_VALUE_GET_STRING(flat);
    JS_FreeValue(ctx, flat);
  } else {
    p = JS_VALUE_GET_STRING(value);
  }
  *len = p->len;
  *bytes = (const char *)p->u.str8;
  if (!p->is_wide_char)
    return 0;
  char *copy = js_malloc(ctx, p->len + 1);
  if (!copy)
    return -1;
  for (i = 0; i < p->len; i++) {
    if (p->u.str16[i] > 0xff) {
      js_free(ctx, copy);
      JS_ThrowTypeError(ctx, "not a byte string");
      return -1;
    }
    copy[i] = p->u.str16[i];
  }
  copy[i] = 0;
  *bytes = *owned = copy;
  return 0;
}

JSValue engine_numbers(JSContext *ctx, const int64_t *v, size_t count) {
  JSValue array = JS_NewArray(ctx);
  JSObject *p;
  if (JS_IsException(array) || count == 0)
    return array;
  p = JS_VALUE_GET_OBJ(array);
  if (expand_fast_array(ctx, p, count)) {
    JS_FreeValue(ctx, array);
    return JS_EXCEPTION;
  }
  for (size_t i = 0; i < count; i++)
    p->u.array.u.values[i] = JS_NewInt64(ctx, v[i]);
  p->u.array.count = count;
  p->prop[0].u.value = JS_NewInt32(ctx, count);
  return array;
}

#ifdef HEAP_IMAGE

#define MANY (1 << 29) /* a count that no image object comes down from */
#define SLACK 128      /* atoms and shapes that can be new before a table must be copied */

/* Objects of the image leave the collector's list for this one: it never walks them, and they stay linked. */
static struct list_head *retired;

static int *counts; /* of the atoms, before the bundle */
static int counted;

void engine_mark(JSContext *ctx) {
  JSRuntime *rt = ctx->rt;
  counts = js_malloc_rt(rt, rt->atom_size * sizeof(int));
  if (!counts)
    abort();
  counted = rt->atom_size;
  for (int i = 0; i < counted; i++)
    counts[i] = atom_is_free(rt->atom_array[i]) ? 0 : rt->atom_array[i]->header.ref_count;
}

static int is_used(JSRuntime *rt, JSAtom atom) {
  if (__JS_AtomIsTaggedInt(atom) || atom < JS_ATOM_END || atom >= (JSAtom)counted)
    return 1;
  return rt->atom_array[atom]->header.ref_count > counts[atom];
}

/* Built-in functions come to be when they are first asked for, which writes to their owner and its shape. Those whose
 * names the bundle has are made now. */
static void make_builtins(JSContext *ctx, JSObject *p) {
  for (int i = 0; i < p->shape->prop_count; i++) {
    JSShapeProperty *prs = get_shape_prop(p->shape) + i;
    JSProperty *pr = p->prop + i;
    if ((prs->flags & JS_PROP_TMASK) == JS_PROP_AUTOINIT && js_autoinit_get_id(pr) == JS_AUTOINIT_ID_PROP &&
        is_used(ctx->rt, prs->atom) && JS_AutoInitProperty(ctx, p, prs->atom, pr, prs))
      abort();
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
  if (info->fmt == OP_FMT_npop || info->fmt == OP_FMT_npop_u16)
    pops += get_u16(op + 1);
  else if (info->fmt == OP_FMT_npopx)
    pops += *op - OP_call0;
  return info->n_push - pops;
}

/* Adds a property to a sample object and keeps the shape it then has. */
static void keep_shape(JSContext *ctx, JSValueConst object, JSAtom name) {
  if (JS_DefinePropertyValue(ctx, object, name, JS_UNDEFINED, JS_PROP_C_W_E) < 0)
    abort();
  js_dup_shape(JS_VALUE_GET_OBJ(object)->shape);
}

/* The engine finds out the shape of an object literal property by property, each time. The shapes that a function's
 * literals pass through are made now: then it only looks them up. Follows the depth of the operand stack; where that
 * goes wrong (handlers), a shape is missing or one too many: no harm. */
static void make_shapes(JSContext *ctx, JSFunctionBytecode *b) {
  struct { int depth; JSValue object; } open[16];
  const uint8_t *code = b->byte_code_buf;
  int len = b->byte_code_len, depth = 0, n = 0;
  short *depths = js_malloc_rt(ctx->rt, len * sizeof *depths);
  if (!depths)
    abort();
  memset(depths, 0xff, len * sizeof *depths);
  for (int at = 0; at < len; at += short_opcode_info(code[at]).size) {
    int target = jump_target(code, at), op = code[at];
    if (depths[at] >= 0)
      depth = depths[at];
    if (op == OP_define_field && n > 0 && open[n - 1].depth == depth - 2)
      keep_shape(ctx, open[n - 1].object, get_u32(code + at + 1));
    depth += stack_change(code + at);
    for (; n > 0 && open[n - 1].depth >= depth; n--)
      JS_FreeValue(ctx, open[n - 1].object);
    if (op == OP_object && n < 16) {
      open[n].depth = depth - 1;
      open[n++].object = JS_NewObject(ctx);
    }
    if (target > at && target < len)
      depths[target] = depth;
  }
  while (n > 0)
    JS_FreeValue(ctx, open[--n].object);
  js_free_rt(ctx->rt, depths);
}

/* The shape that an object starts with, for each built-in prototype. */
static void keep_first_shape(JSContext *ctx, JSValueConst prototype) {
  if (!JS_IsObject(prototype))
    return;
  JSValue object = JS_NewObjectProto(ctx, prototype);
  js_dup_shape(JS_VALUE_GET_OBJ(object)->shape);
  JS_FreeValue(ctx, object);
}

/* The shapes that an object passes through on its way to this one: a function's without its name, for example. */
static void keep_way_to(JSContext *ctx, const JSShape *sh) {
  if (!sh->is_hashed || sh->prop_count > 8)
    return;
  for (int i = 0; i < sh->prop_count; i++) {
    if (sh->prop[i].flags & JS_PROP_TMASK)
      return;
  }
  JSValue object = JS_NewObjectProto(ctx, sh->proto ? JS_MKPTR(JS_TAG_OBJECT, sh->proto) : JS_NULL);
  JSObject *p = JS_VALUE_GET_OBJ(object);
  for (int i = 0; i < sh->prop_count; i++) {
    js_dup_shape(p->shape);
    JSProperty *pr = add_property(ctx, p, sh->prop[i].atom, sh->prop[i].flags);
    if (!pr)
      abort();
    pr->u.value = JS_UNDEFINED;
  }
  js_dup_shape(p->shape);
  JS_FreeValue(ctx, object);
}

static size_t seal_atoms(JSRuntime *rt) {
  int i, size = rt->atom_size;
  JSAtomStruct **array = js_realloc_rt(rt, rt->atom_array, sizeof(*array) * (size + SLACK));
  if (!array)
    abort();
  for (i = 0; i < size; i++) {
    if (!atom_is_free(array[i]))
      array[i]->header.ref_count = MANY;
  }
  /* holes stay empty: new atoms shall lie side by side */
  for (i = size; i < size + SLACK; i++)
    array[i] = atom_set_free(i + 1 < size + SLACK ? i + 1 : 0);
  rt->atom_array = array;
  rt->atom_size = size + SLACK;
  rt->atom_free_index = size;
  if (rt->atom_count + SLACK >= rt->atom_count_resize)
    JS_ResizeAtomHash(rt, rt->atom_hash_size * 2);
  return size;
}

size_t engine_seal(JSContext *ctx) {
  JSRuntime *rt = ctx->rt;
  struct list_head *el;
  size_t atoms;
  list_for_each(el, &rt->gc_obj_list) {
    JSGCObjectHeader *p = list_entry(el, JSGCObjectHeader, link);
    if (p->gc_obj_type == JS_GC_OBJ_TYPE_JS_OBJECT)
      make_builtins(ctx, (JSObject *)p);
    else if (p->gc_obj_type == JS_GC_OBJ_TYPE_FUNCTION_BYTECODE)
      make_shapes(ctx, (JSFunctionBytecode *)p);
  }
  for (int i = 0; i < rt->class_count; i++)
    keep_first_shape(ctx, ctx->class_proto[i]);
  for (int i = 0; i < JS_NATIVE_ERROR_COUNT; i++)
    keep_first_shape(ctx, ctx->native_error_proto[i]);
  js_free_rt(rt, counts);
  JS_RunGC(rt);
  list_for_each(el, &rt->gc_obj_list) {
    JSGCObjectHeader *p = list_entry(el, JSGCObjectHeader, link);
    if (p->gc_obj_type == JS_GC_OBJ_TYPE_SHAPE)
      keep_way_to(ctx, (JSShape *)p);
  }
  atoms = seal_atoms(rt);
  while (2 * (rt->shape_hash_count + SLACK) > rt->shape_hash_size)
    resize_shape_hash(rt, rt->shape_hash_bits + 1);
  list_for_each(el, &rt->gc_obj_list)
    list_entry(el, JSGCObjectHeader, link)->ref_count = MANY;
  retired = js_malloc_rt(rt, sizeof(*retired));
  if (!retired)
    abort();
  list_add(retired, &rt->gc_obj_list);
  list_del(&rt->gc_obj_list);
  init_list_head(&rt->gc_obj_list);
  /* the same sources shall give the same bytes */
  ctx->random_state = 1;
  rt->stack_top = rt->stack_limit = 0;
  JS_SetGCThreshold(rt, rt->malloc_state.malloc_size + (512 << 10));
  return atoms;
}

#endif
#endif
