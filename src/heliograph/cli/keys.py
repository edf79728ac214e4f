"""`heliograph keys`."""

import argparse

from heliograph.cli.adding import Command, Commands, add
from heliograph.cli.arguments import add_config

EPILOG = (
    "Keys are kept in the ledger of the file given by -c, or else of HELIOGRAPH_LEDGER;"
    " a gateway that runs on the same ledger knows of a change within a second."
)


def add_keys(commands: Commands) -> None:
    """`heliograph keys`: create, list, show, revoke, rotate, admin."""
    told = "virtual keys: who may ask the gateway, for what, from where, how much"
    keys = commands.add_parser("keys", help=told, description=f"{told.capitalize()}.")
    kinds = keys.add_subparsers(metavar="WHAT", required=True)
    add_create(kinds)
    listing = put(kinds, "list", "list the keys", run_list)
    listing.add_argument(
        "--all", action="store_true", help="those too that were revoked"
    )
    with_json(listing)
    showing = put(kinds, "show", "tell all of one key but its secret", run_show)
    showing.add_argument("key", metavar="KEY", help="its name or id")
    with_json(showing)
    ending = put(kinds, "revoke", "end keys for good, at once", run_revoke)
    ending.add_argument("key", metavar="KEY", nargs="+", help="its name or id")
    turning = put(kinds, "rotate", "give a key a new secret", run_rotate)
    turning.add_argument("key", metavar="KEY", help="its name or id")
    with_grace(turning)
    with_json(turning)
    add_admin(kinds)


def add_create(kinds: Commands) -> None:
    """`heliograph keys create`."""
    create = put(kinds, "create", "make a key; it is shown once", run_create)
    create.add_argument(
        "--name", required=True, metavar="NAME", help="what it is called in records"
    )
    for word in ("team", "project", "camera"):
        create.add_argument(
            f"--{word}", metavar="NAME", help=f"whose it is: the {word}"
        )
    many(create, "--tag", "TAG", "put on each of its exchanges: a name, or name=value")
    create.add_argument(
        "--expires",
        metavar="END",
        help="30d (or m, h, w), a last day such as 2027-01-31, or a moment in UTC; "
        "default: never",
    )
    many(
        create,
        "--model",
        "PATTERN",
        "the models it may use, such as openai/gpt-4o or 'openai/*'; default: all",
    )
    many(create, "--route", "NAME", "a route it may use, with all that it leads to")
    many(
        create,
        "--ip",
        "CIDR",
        "where it may be used from, such as 10.0.0.0/8; default: anywhere",
    )
    many(create, "--usd", "USD/PERIOD", "what it may spend, such as 5/day or 0.50/hour")
    create.add_argument("--rpm", metavar="N", help="requests in a minute")
    create.add_argument("--tpm", metavar="N", help="tokens in a minute")
    create.add_argument("--concurrent", metavar="N", help="requests at once")
    with_json(create)


def add_admin(kinds: Commands) -> None:
    """`heliograph keys admin create` and `rotate`."""
    told = "the admin key, which opens the administration and no model"
    admin = kinds.add_parser("admin", help=told, description=f"{told.capitalize()}.")
    ways = admin.add_subparsers(metavar="WHAT", required=True)
    create = put(ways, "create", "make the admin key; it is shown once", run_admin)
    create.set_defaults(rotated=False, grace=None)
    with_json(create)
    rotate = put(ways, "rotate", "give the admin key a new secret", run_admin)
    rotate.set_defaults(rotated=True)
    with_grace(rotate)
    with_json(rotate)


def put(
    kinds: Commands, name: str, told: str, command: Command
) -> argparse.ArgumentParser:
    """Add one command that works on a ledger."""
    made = add(kinds, name, told, command)
    made.epilog = EPILOG
    add_config(made)
    return made


def many(to: argparse.ArgumentParser, option: str, value: str, told: str) -> None:
    """Add an option that may be given several times."""
    said = f"{told}; may be repeated"
    to.add_argument(option, action="append", default=[], metavar=value, help=said)


def with_json(to: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    to.add_argument("--json", action="store_true", help="write JSON")


def with_grace(to: argparse.ArgumentParser) -> None:
    """Add `--grace`."""
    to.add_argument(
        "--grace",
        metavar="TIME",
        help="how long the secret before stays good, such as 24h; default: not at all",
    )


def run_create(arguments: argparse.Namespace) -> int:
    """Make a key."""
    from heliograph.gateway.app import key_desk
    from heliograph.gateway.ledger.asking import answered
    from heliograph.gateway.ledger.key_terms import Asked

    asked = Asked(
        **{name: getattr(arguments, name) for name in Asked.__struct_fields__}
    )
    return answered(
        lambda: key_desk.create(asked, config=arguments.config, to_json=arguments.json)
    )


def run_list(arguments: argparse.Namespace) -> int:
    """List the keys."""
    from heliograph.gateway.app import key_desk
    from heliograph.gateway.ledger.asking import answered

    return answered(
        lambda: key_desk.show_list(
            config=arguments.config, to_json=arguments.json, everything=arguments.all
        )
    )


def run_show(arguments: argparse.Namespace) -> int:
    """Tell all of one key."""
    from heliograph.gateway.app import key_desk
    from heliograph.gateway.ledger.asking import answered

    return answered(
        lambda: key_desk.show(
            arguments.key, config=arguments.config, to_json=arguments.json
        )
    )


def run_revoke(arguments: argparse.Namespace) -> int:
    """End keys."""
    from heliograph.gateway.app import key_desk
    from heliograph.gateway.ledger.asking import answered

    return answered(lambda: key_desk.revoke(arguments.key, config=arguments.config))


def run_rotate(arguments: argparse.Namespace) -> int:
    """Give a key a new secret."""
    from heliograph.gateway.app import key_desk
    from heliograph.gateway.ledger.asking import answered

    return answered(
        lambda: key_desk.rotate(
            arguments.key,
            grace=arguments.grace,
            config=arguments.config,
            to_json=arguments.json,
        )
    )


def run_admin(arguments: argparse.Namespace) -> int:
    """Make the admin key, or give it a new secret."""
    from heliograph.gateway.app import key_desk
    from heliograph.gateway.ledger.asking import answered

    return answered(
        lambda: key_desk.set_admin(
            rotated=arguments.rotated,
            grace=arguments.grace,
            config=arguments.config,
            to_json=arguments.json,
        )
    )
