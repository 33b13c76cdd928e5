"""SQL that a person wrote flows in; a checked statement, or a refusal with its position, flows out."""
