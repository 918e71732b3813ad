"""The papers that the document generator makes: contract, HR notice, and files with faults."""
