# Admission on the real program: two custodians sign a programme, an officer's answers by clause, a suspended agreement that stops the
# search and admits as before, an entry that is signed and names nobody on disk, a draft agreement simulated.
. "$(dirname "$0")/world.sh" "$1"
world 100
share=$here/../../share/programmes
event() { grep -oE '^[0-9a-f]{32}' out | head -1; }
status 0 "a programme is proposed" us programme add "$share/us-visa-waiver.yaml" --effective 2020-01-01 --decider "A Minister" --clause "s. 1" --as c.us
id=$(event)
status 3 "nobody approves their own programme" us programme approve "$id" --as c.us
status 0 "another custodian approves" us programme approve "$id" --as d.us
status 0 "a designation is proposed" us programme designate us-visa-waiver NZL --effective 2020-01-01 --decider "A Minister" --clause "s. 2" --as c.us
id=$(event)
traveller="--programme us-visa-waiver --nationality NZL --document X7654321"
status 3 "before it is approved nobody is admitted by it" us admit $traveller --as o.us
status 0 "it is approved" us programme approve "$id" --as d.us
status 1 "what is not said refers" us admit $traveller --as o.us
said="$traveller --declare electronic-passport=yes,visit-for-business-or-pleasure=yes,waiver-of-rights-signed=yes"
status 3 "an authorisation that has run out" us admit $said --authorised-until 2021-01-01 --as o.us
says "condition not met: INA s. 217(a)(11)" "the clause"
status 0 "the agreement is suspended" gb agreement suspend deal --as c.gb
status 3 "the search stops" search prints/1_1.png
status 0 "admission does not" us admit $said --authorised-until 2099-01-01 --as o.us
says "meets programme conditions, up to" "the answer"
status 0 "the officer admits" us admit $said --authorised-until 2099-01-01 --decide admit --as o.us
says "admitted, last day" "the decision"
status 0 "nobody is overdue" us stays overdue --as o.us
says "nobody" "overdue"
status 3 "an examiner sees no stays" gb stays overdue --as x.gb
status 0 "the traveller leaves" us stays exit --nationality NZL --document X7654321 --to CAN --as o.us
status 4 "and cannot leave twice" us stays exit --nationality NZL --document X7654321 --as o.us
status 0 "the history is public" us programme history
says "suspend .*searches only" "the suspension"
grep -rqa X7654321 us/store.db* us/ledger && bad "the document's number lies in clear in the node's folder"
sed 's/version: 1/version: 2/' deal.yaml > draft.yaml
status 0 "a draft is simulated" gb agreement simulate draft.yaml --as c.gb
says "persons who become searchable: 0" "the simulation"
verdict
