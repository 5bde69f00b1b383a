#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of the `atp` command: exit codes, JSON, what is and is not written."""
import unittest

from contract_anchors import *
from contract_approvals import *
from contract_before import *
from contract_clock import *
from contract_edges import *
from contract_exports import *
from contract_faults import *
from contract_keys import *
from contract_operator import *
from contract_output import *
from contract_proofs import *
from contract_tokens import *
from contract_verbs import *

if __name__ == "__main__":
    unittest.main()
