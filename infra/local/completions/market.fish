# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_market_global_optspecs
    string join \n data= listen= sqs-endpoint= dynamodb-endpoint= allow-origin= log-format= h/help V/version
end

function __fish_market_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_market_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_market_using_subcommand
    set -l cmd (__fish_market_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c market -n "__fish_market_needs_command" -l data -d 'The folder that everything is kept in: the table, keys, the clock, outgoing mail' -r -F
complete -c market -n "__fish_market_needs_command" -l listen -d 'The port to listen on, on this machine alone; or a loopback address with its port' -r
complete -c market -n "__fish_market_needs_command" -l sqs-endpoint -d 'An SQS-compatible server, in place of the queues in memory' -r
complete -c market -n "__fish_market_needs_command" -l dynamodb-endpoint -d 'A DynamoDB-compatible server with streams, in place of the embedded engine' -r
complete -c market -n "__fish_market_needs_command" -l allow-origin -d 'The one site whose pages may call this market, such as http://localhost:5173. Without it, none' -r
complete -c market -n "__fish_market_needs_command" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_needs_command" -s V -l version -d 'Print version'
complete -c market -n "__fish_market_needs_command" -f -a "demo" -d 'Play a merchant\'s year on a virtual clock, through the real routes and workers, and print it'
complete -c market -n "__fish_market_needs_command" -f -a "openapi" -d 'Print the OpenAPI 3.1 description'
complete -c market -n "__fish_market_needs_command" -f -a "completions" -d 'Print what completes the commands in a shell'
complete -c market -n "__fish_market_needs_command" -f -a "man" -d 'Print the manual page: `market man | man -l -`'
complete -c market -n "__fish_market_needs_command" -f -a "handlers" -d 'Print the names of the handlers, as templates may use them'
complete -c market -n "__fish_market_needs_command" -f -a "publish" -d 'Publish the first or the next version of a document. MARKET_TOKEN holds an operator\'s bearer token'
complete -c market -n "__fish_market_needs_command" -f -a "holidays" -d 'Publish what the State Council announced of a year\'s holidays'
complete -c market -n "__fish_market_needs_command" -f -a "notices" -d 'Show the notices that did not arrive and wait for a human, and send one again. MARKET_TOKEN holds an operator\'s bearer token'
complete -c market -n "__fish_market_needs_command" -f -a "dead-letters" -d 'Count, show and send back the messages that failed every time they were received'
complete -c market -n "__fish_market_needs_command" -f -a "jobs" -d 'Show due work that is late or was given up on, and hand it back'
complete -c market -n "__fish_market_needs_command" -f -a "verify" -d 'Verify that no evidence was edited, dropped, swapped or cut off, that states, timers and lists are what it says, and that nothing that it names is missing'
complete -c market -n "__fish_market_needs_command" -f -a "lists" -d 'Put what releases before 0.5.0 wrote into the lists in which it is looked for'
complete -c market -n "__fish_market_needs_command" -f -a "restore" -d 'Put a deployed market on a table that is restored from point-in-time recovery, or on one that is there. Broken off and given again, it goes on where it stood'
complete -c market -n "__fish_market_needs_command" -f -a "smoke" -d 'Ask a market a few harmless questions. With an operator\'s bearer token in MARKET_TOKEN, one more'
complete -c market -n "__fish_market_needs_command" -f -a "bench" -d 'Measure, and print figures'
complete -c market -n "__fish_market_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand demo" -l agreement -d 'The agreement to play it on' -r -F
complete -c market -n "__fish_market_using_subcommand demo" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand openapi" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand openapi" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand completions" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand man" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand handlers" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand handlers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand publish" -l file -d 'The text, in UTF-8; every byte of it is kept' -r -F
complete -c market -n "__fish_market_using_subcommand publish" -l document -d 'The document\'s id; the agreement itself is market-agreement' -r
complete -c market -n "__fish_market_using_subcommand publish" -l kind -d 'What it is' -r -f -a "body\t''
annex\t''
rule\t''"
complete -c market -n "__fish_market_using_subcommand publish" -l title -d 'Its title' -r
complete -c market -n "__fish_market_using_subcommand publish" -l prominent -d 'The clauses that limit or exclude liability, to be shown prominently (clause 1.2)' -r
complete -c market -n "__fish_market_using_subcommand publish" -l rules -d 'A JSON file that names, for rules of the market, the clauses that carry them: {"10.1.2": "8.3"}' -r -F
complete -c market -n "__fish_market_using_subcommand publish" -l effective-at -d 'When it takes effect, such as 2026-01-13T00:00:00+08:00; at once where nothing is said' -r
complete -c market -n "__fish_market_using_subcommand publish" -l outline -d 'A JSON file that says what the clauses are, in place of what is read off the text: [{"line": 7, "depth": 1, "address": "1"}, …]' -r -F
complete -c market -n "__fish_market_using_subcommand publish" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand publish" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand publish" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand publish" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand publish" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand publish" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand publish" -l major -d 'It changes an earlier version in a major way: 15 days of publicity in place of 7 (clause 9.4)'
complete -c market -n "__fish_market_using_subcommand publish" -l unnumbered -d 'The text has no clauses'
complete -c market -n "__fish_market_using_subcommand publish" -l dry-run -d 'Show how the text is read and whether it would be refused; publish nothing'
complete -c market -n "__fish_market_using_subcommand publish" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand holidays; and not __fish_seen_subcommand_from publish help" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand holidays; and not __fish_seen_subcommand_from publish help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand holidays; and not __fish_seen_subcommand_from publish help" -f -a "publish" -d 'Publish the holiday schedule of a year, or a version that corrects it. MARKET_TOKEN holds an operator\'s bearer token'
complete -c market -n "__fish_market_using_subcommand holidays; and not __fish_seen_subcommand_from publish help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l file -d 'The schedule, as JSON: year, notice, what it changes, holidays; --help shows its form' -r -F
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l corrects -d 'The number of the newest version, where this corrects it' -r
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l dry-run -d 'Show whether it would be published, and as which version; publish nothing'
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from help" -f -a "publish" -d 'Publish the holiday schedule of a year, or a version that corrects it. MARKET_TOKEN holds an operator\'s bearer token'
complete -c market -n "__fish_market_using_subcommand holidays; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l limit -d 'How many to show at most' -r
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -f -a "resend" -d 'Send one again'
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -f -a "served-otherwise" -d 'Record that one was served another way: by a letter, on the telephone, in person'
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -f -a "correct-service" -d 'Correct what was recorded of that by mistake. What was recorded stays beside the correction'
complete -c market -n "__fish_market_using_subcommand notices; and not __fish_seen_subcommand_from resend served-otherwise correct-service help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l address -d 'The e-mail address or telephone number to send it to; without one, where the contacts point now' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l dry-run -d 'Show which notice would be sent again, and where to, or why it would be refused; change nothing'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from resend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l way -d 'On which way' -r -f -a "letter\t'By a letter, registered or by courier'
telephone\t'On the telephone'
in-person\t'Handed over, or told face to face'
other\t'Any other way; the evidence tells which'"
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l served-at -d 'When: 2026-03-02T10:00:00+08:00' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l evidence -d 'What shows it: who says so, and where the proof is kept' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from served-otherwise" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l reason -d 'Why it is corrected' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l way -d 'On which way it was served instead' -r -f -a "letter\t'By a letter, registered or by courier'
telephone\t'On the telephone'
in-person\t'Handed over, or told face to face'
other\t'Any other way; the evidence tells which'"
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l served-at -d 'When: 2026-03-02T10:00:00+08:00' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l evidence -d 'What shows it' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l not-served -d 'It was not served after all, and waits for a human again'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from correct-service" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from help" -f -a "resend" -d 'Send one again'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from help" -f -a "served-otherwise" -d 'Record that one was served another way: by a letter, on the telephone, in person'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from help" -f -a "correct-service" -d 'Correct what was recorded of that by mistake. What was recorded stays beside the correction'
complete -c market -n "__fish_market_using_subcommand notices; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand dead-letters; and not __fish_seen_subcommand_from list inspect redrive help" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand dead-letters; and not __fish_seen_subcommand_from list inspect redrive help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand dead-letters; and not __fish_seen_subcommand_from list inspect redrive help" -f -a "list" -d 'Count them, queue by queue'
complete -c market -n "__fish_market_using_subcommand dead-letters; and not __fish_seen_subcommand_from list inspect redrive help" -f -a "inspect" -d 'Show them, and leave them where they are'
complete -c market -n "__fish_market_using_subcommand dead-letters; and not __fish_seen_subcommand_from list inspect redrive help" -f -a "redrive" -d 'Send them back to their queue, until none are left'
complete -c market -n "__fish_market_using_subcommand dead-letters; and not __fish_seen_subcommand_from list inspect redrive help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l limit -d 'How many at most' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l limit -d 'How many at most' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l dry-run -d 'Count what would be sent back; change nothing'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from redrive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from help" -f -a "list" -d 'Count them, queue by queue'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Show them, and leave them where they are'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from help" -f -a "redrive" -d 'Send them back to their queue, until none are left'
complete -c market -n "__fish_market_using_subcommand dead-letters; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand jobs; and not __fish_seen_subcommand_from late parked redrive help" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand jobs; and not __fish_seen_subcommand_from late parked redrive help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand jobs; and not __fish_seen_subcommand_from late parked redrive help" -f -a "late" -d 'Count what is late, job by job'
complete -c market -n "__fish_market_using_subcommand jobs; and not __fish_seen_subcommand_from late parked redrive help" -f -a "parked" -d 'Show what was given up on'
complete -c market -n "__fish_market_using_subcommand jobs; and not __fish_seen_subcommand_from late parked redrive help" -f -a "redrive" -d 'Hand everything back that was given up on, as if for the first time'
complete -c market -n "__fish_market_using_subcommand jobs; and not __fish_seen_subcommand_from late parked redrive help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from late" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l limit -d 'How many of each job at most; the API shows 100' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from parked" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l dry-run -d 'Show what would be handed back; change nothing'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from redrive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "late" -d 'Count what is late, job by job'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "parked" -d 'Show what was given up on'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "redrive" -d 'Hand everything back that was given up on, as if for the first time'
complete -c market -n "__fish_market_using_subcommand jobs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand verify" -l account -d 'An account, with its orders, grants, demands, terminations and notices' -r
complete -c market -n "__fish_market_using_subcommand verify" -l provider -d 'A provider, with its notices' -r
complete -c market -n "__fish_market_using_subcommand verify" -l document -d 'A document, with its texts' -r
complete -c market -n "__fish_market_using_subcommand verify" -l listing -d 'A listing' -r
complete -c market -n "__fish_market_using_subcommand verify" -l payment -d 'A report of the payment system, with what became of the money' -r
complete -c market -n "__fish_market_using_subcommand verify" -l credit-code -d 'A credit code that the operator vouched for' -r
complete -c market -n "__fish_market_using_subcommand verify" -l holidays -d 'The holiday schedule of a year' -r
complete -c market -n "__fish_market_using_subcommand verify" -l against -d 'Compare with heads that were exported before. Where nobody else is named, everything that they are of is verified' -r -F
complete -c market -n "__fish_market_using_subcommand verify" -l export-heads -d 'Write down where every chain that was verified ends, if all holds. Keep it where nobody who can write to the table can write' -r -F
complete -c market -n "__fish_market_using_subcommand verify" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand verify" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand verify" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand verify" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand verify" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand verify" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand verify" -l announcements -d 'The notice board'
complete -c market -n "__fish_market_using_subcommand verify" -l all -d 'Everything in a data folder'
complete -c market -n "__fish_market_using_subcommand verify" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand lists; and not __fish_seen_subcommand_from fill help" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand lists; and not __fish_seen_subcommand_from fill help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand lists; and not __fish_seen_subcommand_from fill help" -f -a "fill" -d 'Put what releases before 0.5.0 wrote into the lists in which it is looked for'
complete -c market -n "__fish_market_using_subcommand lists; and not __fish_seen_subcommand_from fill help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l account -d 'An account that has not been written since 0.3.0' -r
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l provider -d 'A provider that has neither listings nor orders' -r
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l document -d 'A document that nobody accepted and no listing names' -r
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l dry-run -d 'Count what would be put into its lists; change nothing'
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from fill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from help" -f -a "fill" -d 'Put what releases before 0.5.0 wrote into the lists in which it is looked for'
complete -c market -n "__fish_market_using_subcommand lists; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand restore" -l to -d 'The name of the restored table: a new one, or one that this command began to restore' -r
complete -c market -n "__fish_market_using_subcommand restore" -l at -d 'The instant to which it is restored; without it nothing is lost that was written before the fence' -r
complete -c market -n "__fish_market_using_subcommand restore" -l against -d 'Heads that were exported before that instant; what they are of is verified too' -r -F
complete -c market -n "__fish_market_using_subcommand restore" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand restore" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand restore" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand restore" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand restore" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand restore" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand restore" -l adopt -d 'Take the table as it is there, wherever it comes from: a backup, an export, the table from before'
complete -c market -n "__fish_market_using_subcommand restore" -l point -d 'Put the market on it when it was verified. Without this the command ends there, with the market fenced'
complete -c market -n "__fish_market_using_subcommand restore" -l despite-faults -d 'Put the market on it although something in it does not hold'
complete -c market -n "__fish_market_using_subcommand restore" -l give-up -d 'Let the market write again where it stands, and leave the restored table alone'
complete -c market -n "__fish_market_using_subcommand restore" -l dry-run -d 'Say what would be done; change nothing'
complete -c market -n "__fish_market_using_subcommand restore" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand smoke" -l data -d 'A data folder that no market is using' -r -F
complete -c market -n "__fish_market_using_subcommand smoke" -l url -d 'Where a market answers; MARKET_URL where no place is named. On this machine no token is needed' -r
complete -c market -n "__fish_market_using_subcommand smoke" -l stack-name -d 'The stack; market where no place is named' -r
complete -c market -n "__fish_market_using_subcommand smoke" -l region -d 'Its region; the environment\'s or the profile\'s otherwise' -r
complete -c market -n "__fish_market_using_subcommand smoke" -l profile -d 'The profile whose credentials to use' -r
complete -c market -n "__fish_market_using_subcommand smoke" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand smoke" -l json -d 'Print one JSON document, errors too'
complete -c market -n "__fish_market_using_subcommand smoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -f -a "routes" -d 'Requests per second and latencies of the busiest routes, on a file and in memory'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -f -a "jobs" -d 'Wake-ups per second through the whole job path, and how late jobs are while the clock ticks'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -f -a "peer" -d 'Wake-ups per second beside those of graphile-worker on PostgreSQL with the same durable effect, in turns. It needs PostgreSQL (initdb and postgres), Node 20 or later and npm, which fetches the peer the first time'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -f -a "sweep" -d 'What one sweep costs with a thousand, a hundred thousand and a million timers pending'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -f -a "wave" -d 'A hundred thousand things that are due at one midnight: pass by pass, until nothing is left'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -f -a "cold-start" -d 'From spawning the deployed binary to its first reply, beside the least program of its kind'
complete -c market -n "__fish_market_using_subcommand bench; and not __fish_seen_subcommand_from routes jobs peer sweep wave cold-start help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from routes" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from routes" -l quick -d 'A tenth of the requests'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from routes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from jobs" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from jobs" -l quick -d 'A tenth of the orders'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from jobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from peer" -l peer -d 'The peer\'s program' -r -F
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from peer" -l postgres -d 'Where initdb and postgres are, unless they are found by their names' -r -F
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from peer" -l rounds -d 'Turns' -r
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from peer" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from peer" -l quick -d 'A fifth of the orders'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from peer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from sweep" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from sweep" -l quick -d 'Without the million'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from sweep" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from wave" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from wave" -l quick -d 'A tenth of them'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from wave" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from cold-start" -l bootstrap -d 'The deployed binary' -r -F
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from cold-start" -l floor -d 'The least program of its kind' -r -F
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from cold-start" -l log-format -d 'How lines of the log look' -r -f -a "text\t'For people'
json\t'For programs: a JSON object a line'"
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from cold-start" -l quick -d 'A quarter of the starts'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from cold-start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "routes" -d 'Requests per second and latencies of the busiest routes, on a file and in memory'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "jobs" -d 'Wake-ups per second through the whole job path, and how late jobs are while the clock ticks'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "peer" -d 'Wake-ups per second beside those of graphile-worker on PostgreSQL with the same durable effect, in turns. It needs PostgreSQL (initdb and postgres), Node 20 or later and npm, which fetches the peer the first time'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "sweep" -d 'What one sweep costs with a thousand, a hundred thousand and a million timers pending'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "wave" -d 'A hundred thousand things that are due at one midnight: pass by pass, until nothing is left'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "cold-start" -d 'From spawning the deployed binary to its first reply, beside the least program of its kind'
complete -c market -n "__fish_market_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "demo" -d 'Play a merchant\'s year on a virtual clock, through the real routes and workers, and print it'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "openapi" -d 'Print the OpenAPI 3.1 description'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "completions" -d 'Print what completes the commands in a shell'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "man" -d 'Print the manual page: `market man | man -l -`'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "handlers" -d 'Print the names of the handlers, as templates may use them'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "publish" -d 'Publish the first or the next version of a document. MARKET_TOKEN holds an operator\'s bearer token'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "holidays" -d 'Publish what the State Council announced of a year\'s holidays'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "notices" -d 'Show the notices that did not arrive and wait for a human, and send one again. MARKET_TOKEN holds an operator\'s bearer token'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "dead-letters" -d 'Count, show and send back the messages that failed every time they were received'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "jobs" -d 'Show due work that is late or was given up on, and hand it back'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "verify" -d 'Verify that no evidence was edited, dropped, swapped or cut off, that states, timers and lists are what it says, and that nothing that it names is missing'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "lists" -d 'Put what releases before 0.5.0 wrote into the lists in which it is looked for'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "restore" -d 'Put a deployed market on a table that is restored from point-in-time recovery, or on one that is there. Broken off and given again, it goes on where it stood'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "smoke" -d 'Ask a market a few harmless questions. With an operator\'s bearer token in MARKET_TOKEN, one more'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "bench" -d 'Measure, and print figures'
complete -c market -n "__fish_market_using_subcommand help; and not __fish_seen_subcommand_from demo openapi completions man handlers publish holidays notices dead-letters jobs verify lists restore smoke bench help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from holidays" -f -a "publish" -d 'Publish the holiday schedule of a year, or a version that corrects it. MARKET_TOKEN holds an operator\'s bearer token'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from notices" -f -a "resend" -d 'Send one again'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from notices" -f -a "served-otherwise" -d 'Record that one was served another way: by a letter, on the telephone, in person'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from notices" -f -a "correct-service" -d 'Correct what was recorded of that by mistake. What was recorded stays beside the correction'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from dead-letters" -f -a "list" -d 'Count them, queue by queue'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from dead-letters" -f -a "inspect" -d 'Show them, and leave them where they are'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from dead-letters" -f -a "redrive" -d 'Send them back to their queue, until none are left'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "late" -d 'Count what is late, job by job'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "parked" -d 'Show what was given up on'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from jobs" -f -a "redrive" -d 'Hand everything back that was given up on, as if for the first time'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from lists" -f -a "fill" -d 'Put what releases before 0.5.0 wrote into the lists in which it is looked for'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "routes" -d 'Requests per second and latencies of the busiest routes, on a file and in memory'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "jobs" -d 'Wake-ups per second through the whole job path, and how late jobs are while the clock ticks'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "peer" -d 'Wake-ups per second beside those of graphile-worker on PostgreSQL with the same durable effect, in turns. It needs PostgreSQL (initdb and postgres), Node 20 or later and npm, which fetches the peer the first time'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "sweep" -d 'What one sweep costs with a thousand, a hundred thousand and a million timers pending'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "wave" -d 'A hundred thousand things that are due at one midnight: pass by pass, until nothing is left'
complete -c market -n "__fish_market_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "cold-start" -d 'From spawning the deployed binary to its first reply, beside the least program of its kind'
