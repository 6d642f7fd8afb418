#!/usr/bin/env python3
"""Runs one of our scripts with the driver's client-side encryption switched on, as with a real account.

    bench/encrypting.py python/loader.py --month ...

The embedded warehouse has no keys, so the driver would send parts unencrypted and the measured cost would be too low.
Here the driver's own ``encrypt_stream`` makes the encrypted copy at the usual moment, and the copy that the driver
reads from it for the request is held during the request; what is sent is the plain part, which the warehouse can read.
"""

from __future__ import annotations

import base64
import io
import os
import runpy
import sys
from pathlib import Path
from typing import Any

_KEY_BYTES = 32


def switch_on_encryption() -> None:
    """Make every upload of this process pay for encryption: in time and in memory."""
    from snowflake.connector.encryption_util import SnowflakeEncryptionUtil
    from snowflake.connector.storage_client import SnowflakeFileEncryptionMaterial, SnowflakeStorageClient

    key = base64.standard_b64encode(os.urandom(_KEY_BYTES)).decode()
    material = SnowflakeFileEncryptionMaterial(key, "bench", 1)
    prepare_upload, upload_chunk = SnowflakeStorageClient.prepare_upload, SnowflakeStorageClient.upload_chunk

    def prepare_and_encrypt(client: Any) -> None:
        prepare_upload(client)
        plain, encrypted = client.meta.src_stream or client.meta.intermediate_stream, io.BytesIO()
        plain.seek(0)
        SnowflakeEncryptionUtil.encrypt_stream(material, plain, encrypted)
        plain.seek(0)
        encrypted.seek(0)
        client.bench_encrypted = encrypted

    def upload_beside_copy(client: Any, chunk_id: int) -> None:
        # Kept until the request is answered, just as the driver keeps what it sends.
        sent = client.bench_encrypted.read()
        upload_chunk(client, chunk_id)
        client.bench_encrypted.close()
        del sent

    SnowflakeStorageClient.prepare_upload = prepare_and_encrypt
    SnowflakeStorageClient.upload_chunk = upload_beside_copy


if __name__ == "__main__":
    switch_on_encryption()
    del sys.argv[0]
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    runpy.run_path(sys.argv[0], run_name="__main__")
