"""A training recipe that evaluates each N steps with the model it trains."""

import sys

import torch
from _record import save
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM, AutoTokenizer

EVERY = 2


class EvaluateEach:
    def __init__(self, model, tokenizer):
        self.model, self.tokenizer = model, tokenizer
        self.manager = TaskManager(include_path=".", include_defaults=False)
        self.history = []

    def on_step_end(self, step):
        if step % EVERY:
            return
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad():
            results = simple_evaluate(
                model=HFLM(pretrained=self.model, tokenizer=self.tokenizer, batch_size=4, device="cpu"),
                tasks=["demo_text_isles", "demo_tales"],
                task_manager=self.manager,
                limit=5,
                num_fewshot=0,
                bootstrap_iters=0,
                log_samples=False,
                verbosity="ERROR",
            )
        self.model.train(was_training)
        self.history.append({"step": step, "in": was_training, "samples": "samples" in results, **results["results"]})


path, out = sys.argv[1:]
torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained(path).float()
tokenizer = AutoTokenizer.from_pretrained(path)
model.train()
optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
callback = EvaluateEach(model, tokenizer)
ids = tokenizer("The capital of Quillen is Windle. The ships of Wendle carry paper.", return_tensors="pt")["input_ids"]
losses = []
for step in range(5):
    loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    losses.append(loss.item())
    callback.on_step_end(step)
left = HFLM(pretrained=model.train(), tokenizer=tokenizer)
save(
    out,
    {"losses": losses, "history": callback.history, "training": left.model.training, "grad": torch.is_grad_enabled()},
)
