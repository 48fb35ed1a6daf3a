/** What a person finds in a backup folder: how to get the files out with the program, and without it. */

export const TARGET_README = `# Backup of a data node

    npm run restore -- THIS_FOLDER --to NEW_DATA_ROOT

does everything: it checks each file against its sha256 and ends with what to do next.

- \`blobs/ab/ab12…\`: the content of a file, named by its sha256. \`sha256sum\` of it gives its name.
- \`snapshots/….json\`: one finished backup. \`database.sha256\` names the database. Each entry of \`places\` names a listing.
- A listing is a gzip of one JSON line per file: \`path\`, \`bytes\`, \`sha256\`.

Without the program, in a shell with jq, SNAPSHOT being a file of snapshots/ and OUT an empty folder:

    blob() { echo "blobs/\${1:0:2}/$1"; }
    jq -r '.places[].listing' SNAPSHOT | while read listing; do
      zcat < "$(blob "$listing")" | jq -r '[.sha256, .path] | @tsv' | while IFS=$'\\t' read -r sha path; do
        mkdir -p "OUT/$(dirname "$path")" && cp "$(blob "$sha")" "OUT/$path"
      done
    done
    mkdir -p OUT/state && cp "$(blob "$(jq -r .database.sha256 SNAPSHOT)")" OUT/state/node.db

Delete nothing here by hand.
`
