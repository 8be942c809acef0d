"""What explorers show: computed, drawn and put into tables without a page, one idea a file."""
