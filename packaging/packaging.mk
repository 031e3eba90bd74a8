# Packages for Debian, and what the suites in tests/packaging need.

# In order: to build the packages and look at them; to try the recipes of docs/install.md.
DEBIAN_PACKAGES += build-essential debhelper lintian blhc git autoconf meson ninja-build cmake
SUPPORT += $(BUILD)/tests/support/consumer.o

# ---- Debian ----

# Built in a copy of the tree, so that the tree has no debian/ folder; and with Debian's flags,
# not those of this make.
DEB = $(BUILD)/deb
DEB_TREE = $(DEB)/listenfd-$(VERSION)
DEB_CHANGELOG = packaging/debian/changelog

.PHONY: deb
deb:
	@packaged=$$(dpkg-parsechangelog -l $(DEB_CHANGELOG) -S Version) || exit 1; \
	if [ "$$packaged" != '$(VERSION)' ]; then \
	    echo "$(DEB_CHANGELOG) is about $$packaged, listenfd.h about $(VERSION): add an entry" >&2; \
	    exit 1; \
	fi
	$(RM) -r $(DEB)
	mkdir -p $(DEB_TREE)
	tar -c --exclude-vcs --exclude=./$(BUILD) --exclude=./build --exclude=./.cache . | \
	    tar -x -C $(DEB_TREE)
	cp -r packaging/debian $(DEB_TREE)/debian
	cd $(DEB_TREE) && env -u MAKEFLAGS -u CFLAGS -u CPPFLAGS -u LDFLAGS dpkg-buildpackage -us -uc
	@ls $(DEB)/*.deb
