# The targets people know, for people who like make; npm does the work.
.PHONY: setup run-web run-worker run-all docker-build docker-up docker-down clean test

setup:
	@node scripts/prepare.mjs

run-all: setup
	@npm start

run-web: setup
	@npm start -- --no-worker

run-worker: setup
	@npm run -s mediamill -- worker

test:
	@npm test

clean:
	rm -rf node_modules dist coverage

docker-build docker-up docker-down:
	@echo "There is no container image in this version yet; run 'npm start'." >&2; exit 1
