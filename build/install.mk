# Installing, and what strangers get: tarballs, checksums, a list of parts, packages. Included by the Makefile; docs/install.md tells of it.

PREFIX ?= /usr/local
DESTDIR ?=
installer = PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' FORCE='$(FORCE)' EMULATOR='$(EMULATOR)' build/install.sh

## install: the executable, links, manual and completions below PREFIX=/usr/local; DESTDIR=DIR for packages; FORCE=1 replaces others
install: $(DIST)/runitbox
	@$(call installer) install $<
## uninstall: takes away what install made
uninstall: $(DIST)/runitbox
	@$(call installer) uninstall $<

# --- releases ------------------------------------------------------------------------------------------------------

RELEASE := dist/release
# this machine's by the name that its kernel has for it
HERE := $(shell uname -m)
# the time of the last commit, unless it is said
RELEASE_TIME = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null))

## release: dist/release: tarballs, Debian's packages and lists of parts for all processors, and SHA256SUMS; RELEASE_ARCHES='arm64' for some
RELEASE_ARCHES ?= $(ARCHES)
release: $(DIST)/runitbox
	@test -n '$(RELEASE_TIME)' || { echo 'expected a checkout of git, or SOURCE_DATE_EPOCH=SECONDS' >&2; exit 2; }
	@rm -rf $(RELEASE)
	@for arch in '' $(RELEASE_ARCHES); do $(MAKE) --no-print-directory ARCH=$$arch release-one || exit; done
	@build/release/sums.sh $(RELEASE)
	@cd $(RELEASE) && ls -l
release-one: $(DIST)/runitbox
	@SOURCE_DATE_EPOCH='$(RELEASE_TIME)' MUSL='$(MUSL)' EMULATOR='$(EMULATOR)' NODE='$(NODE)' \
	  build/release/make.sh $< $(or $(ARCH),$(HERE)) $(VERSION) $(RELEASE)
## release-test: installing, and a release for this processor: made twice, checked, installed on a bare Debian
release-test: $(DIST)/runitbox tools-release
	$(AS_ROOT) $(NODE) test/release/run.ts
## release-lint: the same, and lintian has nothing to say
release-lint: $(DIST)/runitbox tools-release tools-lint
	$(AS_ROOT) $(NODE) test/release/run.ts --lintian

.PHONY: release-lint install uninstall release release-one release-test
