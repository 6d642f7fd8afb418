"""Connections named in Snowflake's own files, ``connections.toml`` and ``config.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from signing_in import PASSPHRASE, key_file, private
from snowflake_etl.config.model import SnowflakeSection
from snowflake_etl.errors import ConfigError
from snowflake_etl.warehouse.ways_in import account_arguments


def home(folder: Path, text: str, name: str = "connections.toml", mode: int = 0o600) -> dict[str, str]:
    private(folder / "home" / name, text, mode)
    return {"SNOWFLAKE_HOME": str(folder / "home")}


def named(env: dict[str, str], **keys: Any) -> dict[str, Any]:
    return account_arguments(SnowflakeSection.model_validate({"connection": "pond", **keys}), None, env)


def test_a_name_is_found_in_connections_toml_or_config_toml(tmp_path: Path) -> None:
    env = home(tmp_path, '[connections.pond]\naccount = "a"\nuser = "u"\npassword = "from-config"\n', "config.toml")
    assert named(env)["password"] == "from-config"
    home(tmp_path, '[pond]\naccount = "a"\nuser = "u"\npassword = "from-connections"\nrole = "R"\n')
    given = named(env, role="OURS")
    assert (given["password"], given["role"], given["account"]) == ("from-connections", "OURS", "a")


def test_snowflakes_other_names_and_relative_paths_are_understood(tmp_path: Path) -> None:
    key_file(tmp_path / "home", PASSPHRASE)
    text = f'[pond]\naccount = "a"\nuser = "u"\nprivate_key_path = "key.p8"\nprivate_key_passphrase = "{PASSPHRASE}"\n'
    given = named(home(tmp_path, text))
    assert given["authenticator"] == "SNOWFLAKE_JWT"
    assert given["private_key_file"] == str(tmp_path / "home" / "key.p8")
    assert given["private_key_file_pwd"] == PASSPHRASE


def test_a_name_that_is_not_there_and_files_that_others_may_touch_are_told(tmp_path: Path) -> None:
    text = '[pnod]\naccount = "a"\nuser = "u"\npassword = "hush-hush"\n'
    env = home(tmp_path, text)
    with pytest.raises(ConfigError, match=r"no connection 'pond' in .*connections.toml; there are: pnod. Did you mean"):
        named(env)
    with pytest.raises(ConfigError, match="there is neither"):
        named({"SNOWFLAKE_HOME": str(tmp_path)})
    lost = tmp_path / "hmoe"
    with pytest.raises(ConfigError, match=rf"SNOWFLAKE_HOME is {lost}, and there is no such folder"):
        named({"SNOWFLAKE_HOME": str(lost), "XDG_CONFIG_HOME": str(tmp_path)})
    path = tmp_path / "home" / "connections.toml"
    path.write_text(text.replace("pnod", "pond"))
    for mode, why in ((0o660, "may be changed by others"), (0o644, "holds secrets and may be read by others")):
        path.chmod(mode)
        with pytest.raises(ConfigError, match=f"{why} .*Run: chmod 600 {path}"):
            named(env)
    path.write_text('[pond]\naccount = "a"\nauthenticator = "oauth"\ntoken_file_path = "nowhere"\n')
    with pytest.raises(ConfigError, match="There is no token file"):
        named(env)
    # An 'account' beside the connection would be the next error.
    path.write_text('[pond]\naccuont = "a"\nuser = "u"\npassword = "hush-hush"\n')
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"'account' is missing\. Add it to the connection 'pond' in "):
        named(env)
    path.write_text("[pond\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        named(env)
