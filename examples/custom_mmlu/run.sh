#!/usr/bin/env bash
# Runs the exam in this folder with the settings of .env; further flags are passed on:
#   ./run.sh --num_fewshot 0 --limit 20
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

set -a
source "$HERE/.env"
set +a

lm_eval \
    --model hf \
    --model_args "pretrained=$MODEL,dtype=bfloat16,cache_dir=$CACHE" \
    --tasks mmlu_custom \
    --include_path "$HERE" \
    --device cuda:0 \
    --batch_size auto:4 \
    --output_path "$OUT" \
    --log_samples \
    "$@"
