# What people do today: one call of globus-cli for each flow, with an id from a file.
# sh floor_update.sh GLOBUS IDS
while read -r name id; do
    "$1" flows update "$id" --definition "flows/$name/definition.json" --input-schema "flows/$name/input_schema.json"
done < "$2"
