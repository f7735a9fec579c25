"""The SAM CLI, to which the emulator's addresses in S3 are what AWS's are.

    python tests/template/deleted.py delete …

`sam delete` knows AWS's form of them alone. A stack of an emulator has the emulator's, for what nests others.
"""

import os

import samcli.lib.package.packageable_resources as packaged
from samcli.cli.main import cli

parse = packaged.parse_s3_url


def parsed(url, *arguments, **named):
    if isinstance(url, str):
        url = url.replace(f"{os.environ['AWS_ENDPOINT_URL']}/", "https://s3.amazonaws.com/")
    return parse(url, *arguments, **named)


packaged.parse_s3_url = parsed

if __name__ == "__main__":
    cli(prog_name="sam")
