"""The SAM CLI on an emulator. It is the real one, but for four things:

- `build` does not compile: it leaves what was built before;
- the templates that are deployed are expanded first, for the emulator expands none that another nests, and changed where
  it cannot take them (deploy.py tells which); and the API's address is the emulator's own;
- `delete` takes the emulator's addresses in S3 for what AWS's are;
- it looks every second whether something is done, not every thirty.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

HERE = Path(os.environ["STAND_IN_HERE"])
BUILT = Path(".aws-sam/build")


def addressed(value, url):
    """`value` with the address of an API as the emulator has it: nothing resolves that of AWS."""
    if isinstance(value, dict):
        text = value.get("Fn::Sub")
        if isinstance(text, str) and text.startswith("https://${Api}.execute-api."):
            return {"Fn::Sub": f"{url}/restapis/${{Api}}/${{StageName}}/_user_request_"}
        return {key: addressed(item, url) for key, item in value.items()}
    return [addressed(item, url) for item in value] if isinstance(value, list) else value


def expand(templates, code, into):
    """Expands the tree of templates in a folder, and returns its root."""
    # Before it is read: which templates they are.
    os.environ["MARKET_TEMPLATES"] = str(templates)
    sys.path.insert(0, str(HERE))
    from deploy import expanded

    into = into.resolve()
    with contextlib.redirect_stdout(io.StringIO()):
        made = expanded(into, code, {})
    for file, template in made.items():
        outputs = addressed(template.get("Outputs", {}), os.environ["AWS_ENDPOINT_URL"])
        Path(file).write_text(json.dumps(template | ({"Outputs": outputs} if outputs else {}), indent=1))
    return into / "template.json"


def build():
    root = expand(Path.cwd(), os.environ["STAND_IN_CODE"], BUILT)
    root.rename(BUILT / "template.yaml")
    print(f"Built Artifacts  : {BUILT}\nBuilt Template   : {BUILT}/template.yaml")


def deploy(arguments):
    """With the expansion of the template that is named; what was built is expanded already."""
    if "--template-file" in arguments:
        at = arguments.index("--template-file") + 1
        template = Path(arguments[at]).resolve()
        arguments[at] = str(expand(template.parent, template.parent / "bootstrap.zip", Path(os.environ["STAND_IN_FOLDER"]) / "expanded"))
    call(["deploy", *arguments])


def delete(arguments):
    import samcli.lib.package.packageable_resources as packaged

    parse, here = packaged.parse_s3_url, f"{os.environ['AWS_ENDPOINT_URL']}/"

    def parsed(url, *more, **named):
        return parse(url.replace(here, "https://s3.amazonaws.com/") if isinstance(url, str) else url, *more, **named)

    packaged.parse_s3_url = parsed
    call(["delete", *arguments])


def call(arguments):
    from botocore.waiter import Waiter
    from samcli.cli.main import cli

    wait = Waiter.wait

    def soon(waiter, **asked):
        return wait(waiter, **asked | {"WaiterConfig": asked.get("WaiterConfig", {}) | {"Delay": 1}})

    Waiter.wait = soon
    cli(args=arguments, prog_name="sam")


def main(command, *arguments):
    if command == "build":
        build()
    elif command == "deploy":
        deploy(list(arguments))
    elif command == "delete":
        delete(list(arguments))
    else:
        call([command, *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
