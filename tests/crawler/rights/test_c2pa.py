"""Training and data mining in C2PA manifests: https://cawg.io/training-and-data-mining/1.1/"""

import datetime
import io
import json
import struct

import cbor2
import pytest
from PIL import Image

from crawler.rights.c2pa import read
from crawler.rights.finding import Verdict

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype"


def entries(use, *names, vendor="cawg"):
    return {"entries": {f"{vendor}.{name}": {"use": use} for name in names or ("ai_generative_training",)}}


def box(kind, content):
    return struct.pack(">I", len(content) + 8) + kind + content


def assertion(content, label="cawg.training-mining", kind=b"cbor"):
    description = box(b"jumd", b"\0" * 16 + b"\3" + label.encode() + b"\0")
    return box(b"jumb", description + box(kind, content if isinstance(content, bytes) else cbor2.dumps(content)))


def png(*assertions):
    return b"\x89PNG\r\n\x1a\n....caBX" + box(b"jumb", b"".join(assertions)) + b"IDAT" + bytes(99)


def jpeg(boxes, length, order=1):
    """A JPEG with a JUMBF box that is split over APP11 segments, each with the header of the box."""
    out = b"\xff\xd8\xff\xe0\0\4ab"
    for number, at in enumerate(range(8, len(boxes), length), 1):
        content = b"JP" + struct.pack(">HI", order, number) + boxes[:8] + boxes[at : at + length]
        out += b"\xff\xeb" + struct.pack(">H", len(content) + 2) + content
    return out + b"\xff\xda" + bytes(99)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (entries("notAllowed"), Verdict.RESERVED),
        (entries("constrained"), Verdict.RESERVED),
        (entries("notAllowed", "data_mining"), Verdict.RESERVED),
        (entries("notAllowed", "ai_training", vendor="c2pa"), Verdict.RESERVED),
        (entries("somethingNew"), Verdict.RESERVED),
        ({"entries": {"cawg.ai_training": "notAllowed"}}, Verdict.RESERVED),
        ({"entries": {"cawg.ai_training": {}}}, Verdict.RESERVED),
        ({"entries": {**entries("allowed")["entries"], "cawg.data_mining": {"use": "notAllowed"}}}, Verdict.RESERVED),
        (entries("allowed"), Verdict.PERMITTED),
        (entries("allowed", "data_mining", "ai_training"), Verdict.PERMITTED),
        (entries("notAllowed", "ai_inference"), Verdict.SILENT),
        ({"entries": {}}, Verdict.SILENT),
        ({}, Verdict.SILENT),
        ({"entries": ["notAllowed"]}, Verdict.RESERVED),
        (["notAllowed"], Verdict.RESERVED),
        (b"\xff\xff", Verdict.RESERVED),
        (b"", Verdict.RESERVED),
        (b"\x81" * 5000, Verdict.RESERVED),
    ],
)
def test_an_entry_for_training_decides(content, expected):
    assert read(png(assertion(content)))[0] is expected


@pytest.mark.parametrize(
    "label", ["cawg.training-mining", "c2pa.training-mining", "cawg.training-mining.v2", "c2pa.training-mining__1"]
)
def test_the_assertion_is_found_by_each_of_its_labels(label):
    assert read(png(assertion(entries("notAllowed"), label)))[0] is Verdict.RESERVED


def test_content_in_json_is_read():
    assert read(png(assertion(json.dumps(entries("allowed")).encode(), kind=b"json")))[0] is Verdict.PERMITTED
    assert read(png(assertion(b"{", kind=b"json")))[0] is Verdict.RESERVED


def test_of_several_assertions_the_strictest_counts():
    allowed, refused = assertion(entries("allowed")), assertion(entries("notAllowed"))
    assert read(png(allowed, refused)) == (Verdict.RESERVED, "cawg.ai_generative_training: notAllowed")


def test_a_mention_of_the_label_says_nothing():
    claim = cbor2.dumps({"url": "self#jumbf=c2pa.assertions/cawg.training-mining"})
    assert read(png(box(b"cbor", claim + b"\0")))[0] is Verdict.SILENT
    assert read(b"cawg.training-mining\0")[0] is Verdict.SILENT


def test_a_compressed_manifest_is_missing_unless_another_one_refuses():
    compressed = box(b"jumb", box(b"jumd", b"\0" * 17 + b"urn:c2pa:1\0") + box(b"brob", b"jumb" + bytes(9)))
    assert read(png(compressed)) == (Verdict.MISSING, "")
    assert read(png(compressed, assertion(entries("notAllowed"))))[0] is Verdict.RESERVED


@pytest.mark.parametrize("length", [9, 33, 70, 60_000])
def test_a_box_that_is_split_over_segments_is_read(length):
    boxes = box(b"jumb", assertion(entries("notAllowed")))
    assert read(jpeg(boxes, length))[0] is Verdict.RESERVED


@pytest.fixture(scope="module")
def sign():
    """A function that signs an image with c2pa-python, the library of the Content Authenticity Initiative."""
    c2pa = pytest.importorskip("c2pa")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(datetime.UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def certificate(name, public_key, is_root):
        def named(text):
            return x509.Name(
                [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
            )

        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("root"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(not is_root, False, False, False, False, is_root, is_root, False, False), critical=True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )
        if not is_root:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    chain = certificate("signer", key.public_key(), False) + certificate("root", root_key.public_key(), True)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def signed(image, media_type, label, content):
        created = {"action": "c2pa.created", "digitalSourceType": f"{SOURCE_TYPES}/digitalCapture"}
        manifest = {
            "claim_generator_info": [{"name": "test", "version": "1"}],
            "format": media_type,
            "assertions": [
                {"label": "c2pa.actions", "data": {"actions": [created]}},
                {"label": label, "data": content},
            ],
        }
        info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=pem, ta_url=None)
        out = io.BytesIO()
        with c2pa.Builder(json.dumps(manifest)) as builder:
            builder.sign(c2pa.Signer.from_info(info), media_type, io.BytesIO(image), out)
        return out.getvalue()

    return signed


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "gif", "avif"])
@pytest.mark.parametrize(
    ("label", "content", "expected"),
    [
        ("c2pa.training-mining", entries("notAllowed", vendor="c2pa"), Verdict.RESERVED),
        ("cawg.training-mining", entries("constrained", "data_mining"), Verdict.RESERVED),
        ("cawg.training-mining", entries("allowed", "data_mining", "ai_training"), Verdict.PERMITTED),
    ],
)
def test_what_c2pa_python_wrote_is_read(sign, kind, label, content, expected):
    out = io.BytesIO()
    Image.effect_noise((320, 240), 80).convert("RGB").save(out, kind)
    assert read(out.getvalue())[0] is Verdict.SILENT
    assert read(sign(out.getvalue(), f"image/{kind}", label, content))[0] is expected
