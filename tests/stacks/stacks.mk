# Real servers in the languages that people use, reloaded under load. What is not installed is
# skipped. golang-go (80 MB) and openjdk (115 MB) are what takes time to fetch.

DEBIAN_PACKAGES += python3 python3-flask uvicorn gunicorn nodejs golang-go \
    rustc cargo librust-listenfd-dev librust-signal-hook-dev librust-libc-dev \
    openjdk-17-jdk-headless lighttpd php-cgi libfcgi-bin starlet \
    golang-github-zenazn-goji-dev
SUITE_FOLDERS += stacks
SUPPORT += $(BUILD)/tests/support/recipe.o
