#!/bin/sh
# For every runner that calls a shell, as Jenkins, Forgejo and Bitbucket do. The pipeline continues only after exit code 0.
#   gonogo.sh verify   verifies the environment; keep reports/ and gonogo.run, whatever the exit code
#   gonogo.sh signed   after three people signed and pushed: verifies the run that gonogo.run names, for this commit
set -eu
environment="${GONOGO_ENVIRONMENT:-staging}"
gate="${GONOGO_GATE:-pre-deploy}"
requirements="${GONOGO_REQUIREMENTS:-requirements-gonogo.txt}" # pinned and hashed; docs/sign-off.md says how it is made
baseline="${GONOGO_BASELINE:-}" # a folder with earlier runs, if the runner does not keep reports/
commit="$(git rev-parse HEAD)"
case "${1:-}" in
verify | signed) ;;
*)
    echo "gonogo.sh: verify or signed is expected" >&2
    exit 2
    ;;
esac

python3 -m venv .gonogo
.gonogo/bin/python -m pip install --quiet --require-hashes --requirement "$requirements"
PATH="$PWD/.gonogo/bin:$PATH"

case "$1" in
verify)
    code=0
    gonogo run --env "$environment" --gate "$gate" --release "$commit" \
        ${baseline:+--baseline "$baseline"} || code=$?
    basename "$(readlink -f "reports/$environment/latest")" > gonogo.run
    exit "$code"
    ;;
signed)
    # The bundles are on the branch sign-offs, in a folder named after the commit.
    git fetch --quiet --depth 1 origin sign-offs
    mkdir -p signatures && git archive FETCH_HEAD "$commit" | tar -x -C signatures
    run="reports/$environment/$(cat gonogo.run)"
    cp "signatures/$commit"/*.json "$run"
    gonogo verify "$run" --env "$environment" --gate "$gate" --release "$commit" --max-age 4h
    ;;
esac
