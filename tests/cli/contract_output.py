# SPDX-License-Identifier: Apache-2.0
"""The contract of the command: usage, colour, and what becomes of the output."""

import pathlib
import subprocess

from atp_command import ATP
from command_case import CommandCase


class Usage(CommandCase):
    def test_T062_unknown_options_and_values_are_refused(self):
        for arguments in (("backup", "v", "--tenant", "t", "--from", "f", "--retenton", "P7Y"),
                          ("backup", "v", "--tenant", "t", "--from", "f", "--type", "ful"),
                          ("verify", "v", "--depth", "sample"), ("verify", "v", "--jobs", "0"),
                          ("verify", "v", "a", "b"), ("restore", "v", "p"), ("init", "v"),
                          ("init", "", "--region", "r"), ("purge", "v"), ("catalog", "v"), ()):
            with self.subTest(arguments):
                self.assertEqual(self.error(*arguments, code=2)["kind"], "invalid_argument")
                out, error = self.text(*arguments, code=2)
                self.assertEqual(out, "")
                self.assertTrue(error.startswith("atp: "))

    def test_no_vault_is_its_own_code(self):
        self.put("1.jsonl")
        vault = self.home / "none"
        for arguments in (("points", vault), ("show", vault, "p"), ("verify", vault),
                          ("doctor", vault), ("catalog", "rebuild", vault),
                          ("restore", vault, "p", "--to", self.home / "out"),
                          ("backup", vault, "--tenant", "t", "--from", self.source)):
            with self.subTest(arguments):
                self.assertEqual(self.error(*arguments, code=10)["subject"], str(vault))
        self.assertFalse(vault.exists())


class Completion(CommandCase):
    SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "src/cli/atp.bash-completion"

    def completed(self, *words):
        script = ('source "$0"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _atp; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, self.SCRIPT, ATP, *words], check=True,
                              capture_output=True, text=True, env=self.env)
        return set(done.stdout.split())

    def test_offers_commands_options_and_values(self):
        self.assertLessEqual({"init", "backup", "verify", "doctor"}, self.completed(""))
        self.assertEqual(self.completed("ba"), {"backup"})
        self.assertEqual(self.completed("catalog", ""), {"rebuild"})
        self.assertEqual(self.completed("backup", "v", "--t"), {"--tenant", "--type", "--trust"})
        self.assertEqual(self.completed("catalog", "rebuild", "--dr"), {"--dry-run"})
        self.assertEqual(self.completed("verify", "v", "--js"), {"--json"})
        self.assertEqual(self.completed("backup", "v", "--type", ""), {"full", "incremental"})
        self.assertEqual(self.completed("verify", "v", "--depth", "s"), {"stored"})

    def test_leaves_paths_to_the_shell(self):
        for words in (("backup", "v", "--from", "re"), ("verify", "")):
            self.assertEqual(self.completed(*words), set(), words)


class Output(CommandCase):
    def test_text_has_no_colour_outside_of_a_terminal(self):
        self.init()
        self.put("1.jsonl")
        done = self.run_atp("backup", self.vault, "--tenant", "acme", "--from", self.source)
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)
        self.assertEqual(done.stderr, b"")

    def test_terminal_gets_colour_unless_told_not_to(self):
        self.init()
        self.put("1.jsonl")
        self.backup()
        command = ["script", "-qec", f"{ATP} verify {self.vault}", "/dev/null"]
        for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            done = subprocess.run(command, capture_output=True, cwd=self.home,
                                  env=self.env | extra, check=True)
            self.assertEqual(b"\x1b[32m" in done.stdout, coloured, done.stdout)

    def test_lost_output_is_an_error(self):
        self.init()
        self.put("1.jsonl")
        self.backup()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([ATP, "points", self.vault], stdout=full, stderr=subprocess.PIPE,
                                  env=self.env, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (5, b"atp: standard output: cannot be written\n"))

    def test_help_and_version_are_no_error(self):
        self.assertIn("Usage", self.text("--help")[0])
        self.assertRegex(self.text("--version")[0], r"^\d+\.\d+\.\d+\n$")
