"""What `sam build` leaves in the current folder, without compiling: the templates there, expanded, with functions that
were built before.

    python tests/template/built.py CODE.zip

They are what the emulator takes (deploy.py tells what it does not), and the API's address is the emulator's own.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

# Before expand.py is read: the templates are those of this folder.
os.environ["MARKET_TEMPLATES"] = os.getcwd()

from deploy import expanded  # noqa: E402

FOLDER = Path(".aws-sam/build")


def addressed(value, url):
    """`value` with the address of an API as the emulator has it: nothing resolves that of AWS."""
    if isinstance(value, dict):
        text = value.get("Fn::Sub")
        if isinstance(text, str) and text.startswith("https://${Api}.execute-api."):
            return {"Fn::Sub": f"{url}/restapis/${{Api}}/${{StageName}}/_user_request_"}
        return {key: addressed(item, url) for key, item in value.items()}
    return [addressed(item, url) for item in value] if isinstance(value, list) else value


def main(code):
    folder = Path.cwd() / FOLDER
    with contextlib.redirect_stdout(io.StringIO()):
        templates = expanded(folder, code, {})
    for file, template in templates.items():
        outputs = addressed(template.get("Outputs", {}), os.environ["AWS_ENDPOINT_URL"])
        Path(file).write_text(json.dumps(template | ({"Outputs": outputs} if outputs else {}), indent=1))
    (folder / "template.json").rename(folder / "template.yaml")
    print(f"Built Artifacts  : {FOLDER}\nBuilt Template   : {FOLDER}/template.yaml")


if __name__ == "__main__":
    main(*sys.argv[1:])
