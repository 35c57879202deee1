"""Archives of Mattermost's exports: lines of JSON, alone or in a zip file beside the files of `data/`."""
