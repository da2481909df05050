# The Node flavour: one executable by pkg, and the packages for npm. Included by the Makefile; docs/node.md tells of it.

## pkg: dist/runitbox-node, the same programs with Node.js inside one executable
pkg: $(DIST)/runitbox-node

# script's target, PACKED
define node_bundle
$(BIN)/esbuild src/node.ts --bundle --format=cjs --platform=node --target=$1 --define:PACKED=$2 $(DEFINE_VERSION) --loader:.node=binary \
  --legal-comments=none --minify-whitespace --log-level=warning --outfile=$@.new && mv $@.new $@
endef

out/node/packed.cjs: $(SOURCES) out/node/sys.node Makefile build/node.mk
	$(call node_bundle,node24,true)

$(DIST)/runitbox-node: out/node/packed.cjs build/pkg.ts node_modules/.stamp
	$(NODE) build/pkg.ts $< $@



## npm: dist/npm/*.tgz, the packages for npm: the programs for this platform, and the module
npm: $(DIST)/npm/.stamp

out/node/runitbox.cjs: $(SOURCES) out/node/sys.node Makefile build/node.mk
	$(call node_bundle,node18,false)

out/npm/types/api/index.d.ts: $(SOURCES) build/npm/tsconfig.json node_modules/.stamp
	$(NODE) $(BIN)/tsc -p build/npm/tsconfig.json
	@touch $@

$(DIST)/npm/.stamp: $(DIST)/runitbox out/node/runitbox.cjs out/npm/types/api/index.d.ts $(wildcard build/npm/*) $(wildcard docs/man/*) \
    package.json LICENSE
	$(NODE) build/npm/pack.ts out/node/runitbox.cjs out/npm/types/api/index.d.ts $(DIST)/npm $(or $(ARCH),$(HERE))=$(DIST)/runitbox
	@touch $@

## pkg-test: both, tested: how they are packed and installed, and a third of the compatibility cases
pkg-test: pkg npm tools-compat $(OUT)/jail
	$(AS_ROOT) $(VITEST) test/pkg
	$(AS_ROOT) $(NODE) test/compat/run.ts --flavour node --suites ours --share 3 --jobs 8
## npm-test: the packages, installed offline into an empty directory
npm-test: npm
	$(VITEST) test/pkg/npm
## compat-node: every case of compat with dist/runitbox-node
compat-node: pkg tools-compat $(OUT)/jail
	$(AS_ROOT) $(NODE) test/compat/run.ts --flavour node --jobs 6
## svlogd-node: the cases of svlogd with dist/runitbox-node
svlogd-node: pkg tools-compat
	@mkdir -p out/node/bin && ln -sf ../../../dist/runitbox-node out/node/bin/svlogd
	$(AS_ROOT) $(NODE) test/svlogd/run.ts --bin out/node/bin --only matrix,property,scenarios,differences --cases 200

.PHONY: svlogd-node pkg npm pkg-test npm-test compat-node
