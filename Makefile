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

IMAGE ?= mediamill:latest

docker-build:
	docker build -t $(IMAGE) .

docker-up:
	IMAGE=$(IMAGE) docker compose up -d --wait

docker-down:
	docker compose down
