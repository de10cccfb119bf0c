"""Train Kim's text network to tell spam from other messages.

    python training/sms_spam.py              # under a minute: trains, compares, writes the weights
    python training/sms_spam.py --validate   # how the settings were chosen: on a fifth of the training messages

needs the SMS Spam Collection (`mlcourse data fetch sms_spam`), one core, and writes mlcourse/models/weights/text_cnn.*.
No message of the test part has a copy in the training part. Three networks are trained, with three seeds; the first
ships, whether or not it is the best.
"""

import argparse
import json
import time

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import f1_score, precision_score, recall_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from mlcourse.datasets import Messages, fetch_sms_spam
from mlcourse.models import fit, predict, save_weights
from mlcourse.models.text import WORDS, TextCNN, Vocabulary, tokenize

SEEDS = 3
SETTINGS = {"epochs": 16, "batch_size": 64, "learning_rate": 5e-3, "weight_decay": 1e-2, "progress": False}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the network that ships (default: 0)")
    parser.add_argument("--validate", action="store_true", help="judge within the training part, and write nothing")
    parser.add_argument("--dry-run", action="store_true", help="write no weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()

    messages = fetch_sms_spam()
    print(messages)
    texts, y, test_texts, test_y = messages.split()
    if options.validate:
        texts, y, test_texts, test_y = Messages(texts, y).split(random_state=options.seed)
    print(f"{len(y):,} messages to train on, {len(test_y):,} to test on, {test_y.sum()} of them spam")

    bayes = make_pipeline(CountVectorizer(tokenizer=tokenize, token_pattern=None, lowercase=False), MultinomialNB())
    baseline = f1_score(test_y, bayes.fit(texts, y).predict(test_texts))
    print(f"naive Bayes on counts of words: F1 of spam {baseline:.3f}")
    vocabulary = Vocabulary.of(texts)
    nets = [trained(vocabulary, texts, y, options.seed + i) for i in range(SEEDS)]
    answers = [predict(net, vocabulary.encode(test_texts)) for net in nets]
    scores = [f1_score(test_y, answer) for answer in answers]
    precision, recall = precision_score(test_y, answers[0]), recall_score(test_y, answers[0])
    print(f"text CNN: F1 {', '.join(f'{score:.3f}' for score in scores)}; the first one's precision {precision:.3f}, "
          f"recall {recall:.3f}")  # fmt: skip
    if options.validate or options.dry_run:
        return
    figures = {
        "data": "SMS Spam Collection, a fifth of the messages for testing, none of which has a copy elsewhere",
        "command": "python training/sms_spam.py",
        "seed": options.seed,
        "parameters": sum(weight.numel() for weight in nets[0].parameters()),
        "F1 of spam": scores[0],
        "precision": precision,
        "recall": recall,
        "F1 by seed": scores,
        "F1 of naive Bayes": baseline,
        "test messages": len(test_y),
        "seconds": round(time.perf_counter() - start),
    }
    save_weights(nets[0], "text_cnn", figures)
    words = json.dumps({"length": vocabulary.length, "words": vocabulary.words[2:]}, ensure_ascii=False)
    WORDS.write_text(words + "\n", encoding="utf-8")


def trained(vocabulary, texts, y, seed):
    """Build and train a network."""
    torch.manual_seed(seed)
    net = TextCNN(len(vocabulary))
    fit(net, vocabulary.encode(texts), np.asarray(y), random_state=seed, **SETTINGS)
    return net.half().float()  # what ships is kept in half precision: what is measured is what ships


if __name__ == "__main__":
    main()
