# The picture in the README, drawn from a real run. tests/compat/readme.c sees that it is true.

DEBIAN_PACKAGES += python3 curl

.PHONY: picture
picture: $(BUILD)/systemfd
	python3 -B docs/demo.py $(BUILD)/systemfd docs/demo.svg
