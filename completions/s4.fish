# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_s4_global_optspecs
    string join \n config= color= no-colors timestamps log-level= v/verbose q/quiet h/help V/version
end

function __fish_s4_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_s4_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_s4_using_subcommand
    set -l cmd (__fish_s4_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c s4 -n "__fish_s4_needs_command" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_needs_command" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_needs_command" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_needs_command" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_needs_command" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_needs_command" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_needs_command" -s V -l version -d 'Print version'
complete -c s4 -n "__fish_s4_needs_command" -f -a "add" -d 'Add a target'
complete -c s4 -n "__fish_s4_needs_command" -f -a "a" -d 'Add a target'
complete -c s4 -n "__fish_s4_needs_command" -f -a "sync" -d 'Sync targets now'
complete -c s4 -n "__fish_s4_needs_command" -f -a "s" -d 'Sync targets now'
complete -c s4 -n "__fish_s4_needs_command" -f -a "resolve" -d 'Answer conflicts'
complete -c s4 -n "__fish_s4_needs_command" -f -a "restore" -d 'Bring back what was replaced or deleted'
complete -c s4 -n "__fish_s4_needs_command" -f -a "trash" -d 'List, put back or empty what syncs removed here'
complete -c s4 -n "__fish_s4_needs_command" -f -a "daemon" -d 'Keep targets in sync continuously'
complete -c s4 -n "__fish_s4_needs_command" -f -a "d" -d 'Keep targets in sync continuously'
complete -c s4 -n "__fish_s4_needs_command" -f -a "edit" -d 'Change a target'
complete -c s4 -n "__fish_s4_needs_command" -f -a "e" -d 'Change a target'
complete -c s4 -n "__fish_s4_needs_command" -f -a "rm" -d 'Remove a target'
complete -c s4 -n "__fish_s4_needs_command" -f -a "targets" -d 'List the targets'
complete -c s4 -n "__fish_s4_needs_command" -f -a "t" -d 'List the targets'
complete -c s4 -n "__fish_s4_needs_command" -f -a "status" -d 'Show what differs, and where the daemon stands'
complete -c s4 -n "__fish_s4_needs_command" -f -a "ls" -d 'List the keys of a target, and how they stand'
complete -c s4 -n "__fish_s4_needs_command" -f -a "diff" -d 'Show how files differ from what is in the bucket'
complete -c s4 -n "__fish_s4_needs_command" -f -a "conflicts" -d 'List the conflicts that nobody has answered'
complete -c s4 -n "__fish_s4_needs_command" -f -a "log" -d 'Show what became of a key, or of all'
complete -c s4 -n "__fish_s4_needs_command" -f -a "verify" -d 'Look for damage in folder and bucket'
complete -c s4 -n "__fish_s4_needs_command" -f -a "policy" -d 'Print what the keys of a target need to be allowed'
complete -c s4 -n "__fish_s4_needs_command" -f -a "help" -d 'Read the manual'
complete -c s4 -n "__fish_s4_needs_command" -f -a "man" -d 'List the pages of the manual, or install them'
complete -c s4 -n "__fish_s4_needs_command" -f -a "completions" -d 'Print what makes TAB complete in a shell'
complete -c s4 -n "__fish_s4_needs_command" -f -a "version" -d 'Print the version of s4'
complete -c s4 -n "__fish_s4_needs_command" -f -a "v" -d 'Print the version of s4'
complete -c s4 -n "__fish_s4_needs_command" -f -a "scan" -d 'List the files of a folder'
complete -c s4 -n "__fish_s4_needs_command" -f -a "list-objects" -d 'List the objects of a target'
complete -c s4 -n "__fish_s4_needs_command" -f -a "read-index" -d 'Print the entries of an index'
complete -c s4 -n "__fish_s4_needs_command" -f -a "diff-index" -d 'Compare folder, bucket and index'
complete -c s4 -n "__fish_s4_needs_command" -f -a "push-file" -d 'Upload files, and delete objects'
complete -c s4 -n "__fish_s4_needs_command" -f -a "pull-file" -d 'Download objects, and delete files'
complete -c s4 -n "__fish_s4_needs_command" -f -a "write-index" -d 'Write outcomes into both indexes'
complete -c s4 -n "__fish_s4_needs_command" -f -a "hash-file" -d 'Print the sums of files'
complete -c s4 -n "__fish_s4_needs_command" -f -a "check-ignore" -d 'Say whether paths are ignored, and why'
complete -c s4 -n "__fish_s4_using_subcommand add" -s C -l copy-target-credentials -d 'Copy endpoint, region, profile and keys from a target' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l name -d 'What to call the target' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l versioning -d 'Have the bucket keep versions, or no more of them' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l keep-versions -d 'Let the bucket remove versions that are so old' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l local-folder -d 'The folder to sync' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand add" -l s3-uri -d 'Where in the bucket it belongs' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l endpoint-url -d 'The server\'s address, if it is not AWS' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l access-key-id -d 'The access key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l secret-access-key-file -d 'Read the secret key to store from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand add" -l secret-access-key -d 'The secret key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l region -d 'The region of the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l profile -d 'The profile in ~/.aws to take the keys from' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l storage-class -d 'The storage class of new objects' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l sse -d 'The encryption of new objects: AES256 or aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l sse-kms-key-id -d 'The key of that encryption, for aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l state-folder -d 'Where to keep the index, outside of the folder' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand add" -l max-delete -d 'Refuse to delete more than this share of the keys' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l trash-days -d 'How many days to keep what a sync removes or replaces' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l on-ignore -d 'What becomes of synced objects that are now ignored' -r -f -a "delete\t'Delete it from the bucket'
keep\t'Leave it in the bucket'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l links -d 'What to do about symbolic links; `skip` if nothing is said' -r -f -a "skip\t'Leave them alone'
follow\t'Sync what they lead to, files and folders'
preserve\t'Sync them as what they are, wherever they lead'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l empty-folders -d 'Whether to sync empty folders; `off` if nothing is said' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l direction -d 'Carry changes in one direction alone' -r -f -a "both\t'To the bucket and to the folder'
push\t'To the bucket alone'
pull\t'To the folder alone'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l jobs -d 'How many contents to move at a time, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l bandwidth-limit -d 'How many bytes to move a second, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l prices -d 'What the server asks for its work, in US dollars' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l event-queue -d 'An SQS queue that tells of changes in the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand add" -l addressing-style -d 'Whether addresses name the bucket in the path' -r -f -a "path\t'In the path, behind the server\'s name'
virtual\t'As a part of the server\'s name'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l ca-bundle -d 'The certificates to believe, in place of the system\'s' -r -F
complete -c s4 -n "__fish_s4_using_subcommand add" -l requester-pays -d 'Pay for the requests, where the bucket\'s owner does not' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand add" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand add" -l no-check -d 'Save the target without trying the bucket'
complete -c s4 -n "__fish_s4_using_subcommand add" -l json -d 'Print a record of the target as it is saved'
complete -c s4 -n "__fish_s4_using_subcommand add" -l push-only -d 'Carry changes to the bucket alone, as --direction push'
complete -c s4 -n "__fish_s4_using_subcommand add" -l pull-only -d 'Carry changes to the folder alone, as --direction pull'
complete -c s4 -n "__fish_s4_using_subcommand add" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand add" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand add" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand add" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand a" -s C -l copy-target-credentials -d 'Copy endpoint, region, profile and keys from a target' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l name -d 'What to call the target' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l versioning -d 'Have the bucket keep versions, or no more of them' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l keep-versions -d 'Let the bucket remove versions that are so old' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l local-folder -d 'The folder to sync' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand a" -l s3-uri -d 'Where in the bucket it belongs' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l endpoint-url -d 'The server\'s address, if it is not AWS' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l access-key-id -d 'The access key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l secret-access-key-file -d 'Read the secret key to store from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand a" -l secret-access-key -d 'The secret key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l region -d 'The region of the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l profile -d 'The profile in ~/.aws to take the keys from' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l storage-class -d 'The storage class of new objects' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l sse -d 'The encryption of new objects: AES256 or aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l sse-kms-key-id -d 'The key of that encryption, for aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l state-folder -d 'Where to keep the index, outside of the folder' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand a" -l max-delete -d 'Refuse to delete more than this share of the keys' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l trash-days -d 'How many days to keep what a sync removes or replaces' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l on-ignore -d 'What becomes of synced objects that are now ignored' -r -f -a "delete\t'Delete it from the bucket'
keep\t'Leave it in the bucket'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l links -d 'What to do about symbolic links; `skip` if nothing is said' -r -f -a "skip\t'Leave them alone'
follow\t'Sync what they lead to, files and folders'
preserve\t'Sync them as what they are, wherever they lead'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l empty-folders -d 'Whether to sync empty folders; `off` if nothing is said' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l direction -d 'Carry changes in one direction alone' -r -f -a "both\t'To the bucket and to the folder'
push\t'To the bucket alone'
pull\t'To the folder alone'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l jobs -d 'How many contents to move at a time, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l bandwidth-limit -d 'How many bytes to move a second, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l prices -d 'What the server asks for its work, in US dollars' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l event-queue -d 'An SQS queue that tells of changes in the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand a" -l addressing-style -d 'Whether addresses name the bucket in the path' -r -f -a "path\t'In the path, behind the server\'s name'
virtual\t'As a part of the server\'s name'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l ca-bundle -d 'The certificates to believe, in place of the system\'s' -r -F
complete -c s4 -n "__fish_s4_using_subcommand a" -l requester-pays -d 'Pay for the requests, where the bucket\'s owner does not' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand a" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand a" -l no-check -d 'Save the target without trying the bucket'
complete -c s4 -n "__fish_s4_using_subcommand a" -l json -d 'Print a record of the target as it is saved'
complete -c s4 -n "__fish_s4_using_subcommand a" -l push-only -d 'Carry changes to the bucket alone, as --direction push'
complete -c s4 -n "__fish_s4_using_subcommand a" -l pull-only -d 'Carry changes to the folder alone, as --direction pull'
complete -c s4 -n "__fish_s4_using_subcommand a" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand a" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand a" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand a" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand a" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand sync" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand sync" -l include -d 'Sync only keys that match' -r -f
complete -c s4 -n "__fish_s4_using_subcommand sync" -l exclude -d 'Leave keys out that match' -r -f
complete -c s4 -n "__fish_s4_using_subcommand sync" -l jobs -d 'Move at most this many contents at a time' -r -f
complete -c s4 -n "__fish_s4_using_subcommand sync" -l bandwidth-limit -d 'Move at most this many bytes a second' -r -f
complete -c s4 -n "__fish_s4_using_subcommand sync" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand sync" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand sync" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand sync" -l dry-run -d 'Say what would be done, and do nothing'
complete -c s4 -n "__fish_s4_using_subcommand sync" -l force -d 'Go on where a guard would refuse'
complete -c s4 -n "__fish_s4_using_subcommand sync" -l push-only -d 'Carry changes to the bucket alone'
complete -c s4 -n "__fish_s4_using_subcommand sync" -l pull-only -d 'Carry changes to the folder alone'
complete -c s4 -n "__fish_s4_using_subcommand sync" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand sync" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand sync" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand sync" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand sync" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand s" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand s" -l include -d 'Sync only keys that match' -r -f
complete -c s4 -n "__fish_s4_using_subcommand s" -l exclude -d 'Leave keys out that match' -r -f
complete -c s4 -n "__fish_s4_using_subcommand s" -l jobs -d 'Move at most this many contents at a time' -r -f
complete -c s4 -n "__fish_s4_using_subcommand s" -l bandwidth-limit -d 'Move at most this many bytes a second' -r -f
complete -c s4 -n "__fish_s4_using_subcommand s" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand s" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand s" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand s" -l dry-run -d 'Say what would be done, and do nothing'
complete -c s4 -n "__fish_s4_using_subcommand s" -l force -d 'Go on where a guard would refuse'
complete -c s4 -n "__fish_s4_using_subcommand s" -l push-only -d 'Carry changes to the bucket alone'
complete -c s4 -n "__fish_s4_using_subcommand s" -l pull-only -d 'Carry changes to the folder alone'
complete -c s4 -n "__fish_s4_using_subcommand s" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand s" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand s" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand s" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand s" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand s" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l keep -d 'Keep this version' -r -f -a "local\t'The file, in the bucket too; where it was deleted, the object goes as well'
remote\t'The version in the bucket, here too; where it was deleted, the file goes to the trash'
both\t'Both, the local one under a new name; where one side deleted it, what the other has'"
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l merge -d 'Merge both versions, line by line'
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand resolve" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand resolve" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand resolve" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l version -d 'Bring back the version of a key that has this id' -r -f
complete -c s4 -n "__fish_s4_using_subcommand restore" -l at -d 'Bring back what there was at a time' -r -f
complete -c s4 -n "__fish_s4_using_subcommand restore" -l to -d 'Write the contents into DIR, and change nothing else' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand restore" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand restore" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand restore" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand restore" -l deleted -d 'Bring back deleted keys, and do nothing else'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l dry-run -d 'Show what it would do, and do nothing'
complete -c s4 -n "__fish_s4_using_subcommand restore" -s y -l yes -d 'Do not ask'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l force -d 'Go on where the delete guard would stop'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l absolute -d 'Show times in full, in UTC'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l bytes -d 'Show sizes in bytes'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand restore" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand restore" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand restore" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand trash" -l run -d 'Only what this run put there' -r -f
complete -c s4 -n "__fish_s4_using_subcommand trash" -l older-than -d 'Only what has been there for so many days' -r -f
complete -c s4 -n "__fish_s4_using_subcommand trash" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand trash" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand trash" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand trash" -l force -d 'Put files back in the place of others'
complete -c s4 -n "__fish_s4_using_subcommand trash" -s y -l yes -d 'Do not ask'
complete -c s4 -n "__fish_s4_using_subcommand trash" -l absolute -d 'Show times in full, in UTC'
complete -c s4 -n "__fish_s4_using_subcommand trash" -l bytes -d 'Show sizes in bytes'
complete -c s4 -n "__fish_s4_using_subcommand trash" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand trash" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand trash" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand trash" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand trash" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand trash" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l settle -d 'How long a file must rest before it is synced' -r -f
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l poll -d 'How often to ask for edits of other machines' -r -f
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l rescan -d 'How often to look at the whole folder, or 0 for never' -r -f
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l relist -d 'How often to list the whole bucket, or 0 for never' -r -f
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l read-delay -d 'Of S4 0.4; means nothing any more' -r -f
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l jobs -d 'Move at most this many contents at a time' -r -f
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l bandwidth-limit -d 'Move at most this many bytes a second' -r -f
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l install -d 'Run it whenever you are logged in'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l uninstall -d 'Stop that service, and remove it'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -a "pause" -d 'Stop syncing targets until they are resumed'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and not __fish_seen_subcommand_from pause resume" -a "resume" -d 'Go on syncing targets, with a look at everything'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand daemon; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l settle -d 'How long a file must rest before it is synced' -r -f
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l poll -d 'How often to ask for edits of other machines' -r -f
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l rescan -d 'How often to look at the whole folder, or 0 for never' -r -f
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l relist -d 'How often to list the whole bucket, or 0 for never' -r -f
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l read-delay -d 'Of S4 0.4; means nothing any more' -r -f
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l jobs -d 'Move at most this many contents at a time' -r -f
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l bandwidth-limit -d 'Move at most this many bytes a second' -r -f
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l install -d 'Run it whenever you are logged in'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l uninstall -d 'Stop that service, and remove it'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -a "pause" -d 'Stop syncing targets until they are resumed'
complete -c s4 -n "__fish_s4_using_subcommand d; and not __fish_seen_subcommand_from pause resume" -a "resume" -d 'Go on syncing targets, with a look at everything'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand d; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand edit" -l name -d 'Give the target another name' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l versioning -d 'Have the bucket keep versions, or no more of them' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l keep-versions -d 'Let the bucket remove versions that are so old' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l local-folder -d 'The folder to sync' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l s3-uri -d 'Where in the bucket it belongs' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l endpoint-url -d 'The server\'s address, if it is not AWS' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l access-key-id -d 'The access key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l secret-access-key-file -d 'Read the secret key to store from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand edit" -l secret-access-key -d 'The secret key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l region -d 'The region of the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l profile -d 'The profile in ~/.aws to take the keys from' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l storage-class -d 'The storage class of new objects' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l sse -d 'The encryption of new objects: AES256 or aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l sse-kms-key-id -d 'The key of that encryption, for aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l state-folder -d 'Where to keep the index, outside of the folder' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l max-delete -d 'Refuse to delete more than this share of the keys' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l trash-days -d 'How many days to keep what a sync removes or replaces' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l on-ignore -d 'What becomes of synced objects that are now ignored' -r -f -a "delete\t'Delete it from the bucket'
keep\t'Leave it in the bucket'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l links -d 'What to do about symbolic links; `skip` if nothing is said' -r -f -a "skip\t'Leave them alone'
follow\t'Sync what they lead to, files and folders'
preserve\t'Sync them as what they are, wherever they lead'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l empty-folders -d 'Whether to sync empty folders; `off` if nothing is said' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l direction -d 'Carry changes in one direction alone' -r -f -a "both\t'To the bucket and to the folder'
push\t'To the bucket alone'
pull\t'To the folder alone'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l jobs -d 'How many contents to move at a time, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l bandwidth-limit -d 'How many bytes to move a second, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l prices -d 'What the server asks for its work, in US dollars' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l event-queue -d 'An SQS queue that tells of changes in the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand edit" -l addressing-style -d 'Whether addresses name the bucket in the path' -r -f -a "path\t'In the path, behind the server\'s name'
virtual\t'As a part of the server\'s name'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l ca-bundle -d 'The certificates to believe, in place of the system\'s' -r -F
complete -c s4 -n "__fish_s4_using_subcommand edit" -l requester-pays -d 'Pay for the requests, where the bucket\'s owner does not' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand edit" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand edit" -l no-check -d 'Save the target without trying the bucket'
complete -c s4 -n "__fish_s4_using_subcommand edit" -l json -d 'Print a record of the target as it is saved'
complete -c s4 -n "__fish_s4_using_subcommand edit" -l push-only -d 'Carry changes to the bucket alone, as --direction push'
complete -c s4 -n "__fish_s4_using_subcommand edit" -l pull-only -d 'Carry changes to the folder alone, as --direction pull'
complete -c s4 -n "__fish_s4_using_subcommand edit" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand edit" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand edit" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand edit" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand e" -l name -d 'Give the target another name' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l versioning -d 'Have the bucket keep versions, or no more of them' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l keep-versions -d 'Let the bucket remove versions that are so old' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l local-folder -d 'The folder to sync' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand e" -l s3-uri -d 'Where in the bucket it belongs' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l endpoint-url -d 'The server\'s address, if it is not AWS' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l access-key-id -d 'The access key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l secret-access-key-file -d 'Read the secret key to store from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand e" -l secret-access-key -d 'The secret key to store' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l region -d 'The region of the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l profile -d 'The profile in ~/.aws to take the keys from' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l storage-class -d 'The storage class of new objects' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l sse -d 'The encryption of new objects: AES256 or aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l sse-kms-key-id -d 'The key of that encryption, for aws:kms' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l conflicts -d 'What to do with keys that changed on both sides' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l state-folder -d 'Where to keep the index, outside of the folder' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand e" -l max-delete -d 'Refuse to delete more than this share of the keys' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l trash-days -d 'How many days to keep what a sync removes or replaces' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l on-ignore -d 'What becomes of synced objects that are now ignored' -r -f -a "delete\t'Delete it from the bucket'
keep\t'Leave it in the bucket'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l links -d 'What to do about symbolic links; `skip` if nothing is said' -r -f -a "skip\t'Leave them alone'
follow\t'Sync what they lead to, files and folders'
preserve\t'Sync them as what they are, wherever they lead'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l empty-folders -d 'Whether to sync empty folders; `off` if nothing is said' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l direction -d 'Carry changes in one direction alone' -r -f -a "both\t'To the bucket and to the folder'
push\t'To the bucket alone'
pull\t'To the folder alone'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l jobs -d 'How many contents to move at a time, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l bandwidth-limit -d 'How many bytes to move a second, at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l prices -d 'What the server asks for its work, in US dollars' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l event-queue -d 'An SQS queue that tells of changes in the bucket' -r -f
complete -c s4 -n "__fish_s4_using_subcommand e" -l addressing-style -d 'Whether addresses name the bucket in the path' -r -f -a "path\t'In the path, behind the server\'s name'
virtual\t'As a part of the server\'s name'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l ca-bundle -d 'The certificates to believe, in place of the system\'s' -r -F
complete -c s4 -n "__fish_s4_using_subcommand e" -l requester-pays -d 'Pay for the requests, where the bucket\'s owner does not' -r -f -a "on\t'It does'
off\t'It does not'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand e" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand e" -l no-check -d 'Save the target without trying the bucket'
complete -c s4 -n "__fish_s4_using_subcommand e" -l json -d 'Print a record of the target as it is saved'
complete -c s4 -n "__fish_s4_using_subcommand e" -l push-only -d 'Carry changes to the bucket alone, as --direction push'
complete -c s4 -n "__fish_s4_using_subcommand e" -l pull-only -d 'Carry changes to the folder alone, as --direction pull'
complete -c s4 -n "__fish_s4_using_subcommand e" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand e" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand e" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand e" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand e" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand rm" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand rm" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand rm" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand rm" -l json -d 'Print a record of the removed target'
complete -c s4 -n "__fish_s4_using_subcommand rm" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand rm" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand rm" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand rm" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand targets" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand targets" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand targets" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand targets" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand targets" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand targets" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand targets" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand targets" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand targets" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand t" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand t" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand t" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand t" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand t" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand t" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand t" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand t" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand t" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand status" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand status" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand status" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand status" -s s -l short -d 'Show a line for each key, with two letters for its states'
complete -c s4 -n "__fish_s4_using_subcommand status" -l all -d 'List everything, however much it is'
complete -c s4 -n "__fish_s4_using_subcommand status" -l ignored -d 'Count the names that the ignore rules leave out'
complete -c s4 -n "__fish_s4_using_subcommand status" -l exit-code -d 'End with the exit code 1 if something differs'
complete -c s4 -n "__fish_s4_using_subcommand status" -l daemon -d 'Show only where the daemon stands'
complete -c s4 -n "__fish_s4_using_subcommand status" -s w -l watch -d 'Go on showing where the daemon stands as it changes'
complete -c s4 -n "__fish_s4_using_subcommand status" -l absolute -d 'Show times in full, in UTC'
complete -c s4 -n "__fish_s4_using_subcommand status" -l bytes -d 'Show sizes in bytes'
complete -c s4 -n "__fish_s4_using_subcommand status" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand status" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand status" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand status" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand status" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand ls" -s s -l sort-by -d 'The column to sort by' -r -f -a "key\t'The keys'
local\t'The times in the folder'
s3\t'The times in the bucket'
size\t'The sizes'"
complete -c s4 -n "__fish_s4_using_subcommand ls" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand ls" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand ls" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand ls" -s d -l descending -d 'Sort the other way round'
complete -c s4 -n "__fish_s4_using_subcommand ls" -s A -l all -d 'Show deleted and ignored keys too'
complete -c s4 -n "__fish_s4_using_subcommand ls" -s t -l tree -d 'Show folders as a tree, with what is in them in all'
complete -c s4 -n "__fish_s4_using_subcommand ls" -s l -l long -d 'Show more of each key'
complete -c s4 -n "__fish_s4_using_subcommand ls" -l absolute -d 'Show times in full, in UTC'
complete -c s4 -n "__fish_s4_using_subcommand ls" -l bytes -d 'Show sizes in bytes'
complete -c s4 -n "__fish_s4_using_subcommand ls" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand ls" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand ls" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand ls" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand ls" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand diff" -l version-id -d 'Compare with this version of the one key that is named' -r -f
complete -c s4 -n "__fish_s4_using_subcommand diff" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand diff" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand diff" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand diff" -l base -d 'Compare with what was last synced'
complete -c s4 -n "__fish_s4_using_subcommand diff" -l stat -d 'Show how many lines differ in each file, and not the lines'
complete -c s4 -n "__fish_s4_using_subcommand diff" -s p -l patch -d 'Show the lines, of however many files'
complete -c s4 -n "__fish_s4_using_subcommand diff" -l exit-code -d 'End with the exit code 1 if something differs'
complete -c s4 -n "__fish_s4_using_subcommand diff" -l json -d 'Print records, one JSON object a line, and fetch no content'
complete -c s4 -n "__fish_s4_using_subcommand diff" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand diff" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand diff" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand diff" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l absolute -d 'Show times in full, in UTC'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l bytes -d 'Show sizes in bytes'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand conflicts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand log" -s n -l limit -d 'Show so many versions at most' -r -f
complete -c s4 -n "__fish_s4_using_subcommand log" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand log" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand log" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand log" -l all-keys -d 'Show what happened last to any key'
complete -c s4 -n "__fish_s4_using_subcommand log" -l absolute -d 'Show times in full, in UTC'
complete -c s4 -n "__fish_s4_using_subcommand log" -l bytes -d 'Show sizes in bytes'
complete -c s4 -n "__fish_s4_using_subcommand log" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand log" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand log" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand log" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand log" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand verify" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand verify" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand verify" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand verify" -l remote -d 'Read every object, too'
complete -c s4 -n "__fish_s4_using_subcommand verify" -l repair -d 'Put right what has a good copy'
complete -c s4 -n "__fish_s4_using_subcommand verify" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand verify" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand verify" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand verify" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand verify" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand policy" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand policy" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand policy" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand policy" -l history -d 'What s4-log(1) and s4-restore(1) need, too'
complete -c s4 -n "__fish_s4_using_subcommand policy" -l json -d 'Print a record, one JSON object on a line'
complete -c s4 -n "__fish_s4_using_subcommand policy" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand policy" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand policy" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand policy" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand help" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand help" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand help" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand help" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand help" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand help" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand help" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand man" -l install -d 'Write the pages below DIR, or ~/.local/share/man' -r -f -a "(__fish_complete_directories)"
complete -c s4 -n "__fish_s4_using_subcommand man" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand man" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand man" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand man" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand man" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand man" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand man" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand man" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand completions" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand completions" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand completions" -l static -d 'The script that packages install'
complete -c s4 -n "__fish_s4_using_subcommand completions" -l json -d 'Print a record, one JSON object on a line'
complete -c s4 -n "__fish_s4_using_subcommand completions" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand completions" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand completions" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand completions" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand version" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand version" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand version" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand version" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand version" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand version" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand version" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand version" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand v" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand v" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand v" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand v" -l json -d 'Print records, one JSON object a line'
complete -c s4 -n "__fish_s4_using_subcommand v" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand v" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand v" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand v" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand v" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand scan" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand scan" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand scan" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand scan" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand scan" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand scan" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand scan" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand list-objects" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand read-index" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand read-index" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand read-index" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand read-index" -l remote -d 'Read the index in the bucket'
complete -c s4 -n "__fish_s4_using_subcommand read-index" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand read-index" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand read-index" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand read-index" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand read-index" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l local -d 'Take the files from the records in FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l remote -d 'Take the objects from the records in FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l conflicts -d 'Answer conflicts' -r -f -a "ignore\t'Leave the key as it is on both sides'
local\t'Keep the local version'
remote\t'Keep the version in the bucket'
newest\t'Keep the version with the later time'
keep-both\t'Keep both, the local one under a new name'"
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l partial -d 'Leave out keys that the records do not name'
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l force -d 'Go on where a guard would refuse'
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand diff-index" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l jobs -d 'Move at most this many contents at a time' -r -f
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l bandwidth-limit -d 'Move at most this many bytes a second' -r -f
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l stdin -d 'Read changes or keys from standard input'
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l force -d 'Go on where a guard would refuse'
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand push-file" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand push-file" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand push-file" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand push-file" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l jobs -d 'Move at most this many contents at a time' -r -f
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l bandwidth-limit -d 'Move at most this many bytes a second' -r -f
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l stdin -d 'Read changes or keys from standard input'
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l force -d 'Go on where a guard would refuse'
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand pull-file" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand write-index" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand write-index" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand write-index" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand write-index" -l stdin -d 'Read the outcomes from standard input; it always does'
complete -c s4 -n "__fish_s4_using_subcommand write-index" -l whole -d 'Write both indexes whole, without change logs'
complete -c s4 -n "__fish_s4_using_subcommand write-index" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand write-index" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand write-index" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand write-index" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand write-index" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -l etag -d 'Say whether ETAG is the MD5 of the content' -r -f
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -l stdin -d 'Read the paths from standard input'
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand hash-file" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -l config -d 'Read the targets from FILE' -r -F
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, as far as the environment has no objection'
always\t'Everywhere'
never\t'Nowhere'"
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -l log-level -d 'Say only what is at least this serious' -r -f -a "DEBUG\t'Every step'
INFO\t'What is going on'
WARNING\t'What deserves a look'
ERROR\t'What went wrong'"
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -l stdin -d 'Read the paths from standard input'
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -l no-colors -d 'Use no colours, as --color never'
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -l timestamps -d 'Begin each line with the time'
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -s v -l verbose -d 'Say more, as --log-level DEBUG'
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -s q -l quiet -d 'Say only what went wrong, and show no progress'
complete -c s4 -n "__fish_s4_using_subcommand check-ignore" -s h -l help -d 'Print help (see more with \'--help\')'
