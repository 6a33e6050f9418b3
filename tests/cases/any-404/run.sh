. "$CASES/lib.sh"
python3 page.py > port &
server=$!
trap 'kill $server' EXIT
until [ -s port ]; do sleep 0.1; done
page=http://127.0.0.1:$(cat port)/agent

trial() { # INPUT CAUSE VARIABLE=VALUE...
  for what in refresh destroy; do
    before=$(holds) ended=0 wrongs=
    if [ "$1" = "the project is not there" ]; then
      control faults -d '{"kind": "status", "status": 404, "times": 100000,
        "body": {"code": "not_found", "message": "Project '"'$NEEV_PROJECT_ID'"' not found"}}'
    fi
    env "${@:3}" pulumi $what --yes --skip-preview --non-interactive --color=never > said.txt 2>&1 || ended=$?
    env "${@:3}" pulumi-neev doctor --stack dev > doctor.txt 2>&1 || true
    control faults -X DELETE
    cat said.txt doctor.txt
    case "$(names)" in
      *"$own"*) [ "$(holds)" = "$before" ] || wrongs="the state forgot what is still there" ;;
      *) up; p stack export > kept.json; continue ;; # it worked where they are
    esac
    if [ $ended != 0 ]; then
      grep -qiE "$2" said.txt || wrongs="$wrongs, the cause is not named"
      grep -qE 'pulumi refresh|up --refresh' said.txt && wrongs="$wrongs, a refresh is advised"
    fi
    grep -qE 'pulumi refresh|up --refresh' doctor.txt && wrongs="$wrongs, doctor advises a refresh"
    [ -z "$wrongs" ] || also "$what, $1 ($face): ${wrongs#, }"
    p stack import < kept.json
  done
}
each() { # FACE NAME
  face=$1 own=$2
  p stack init dev
  up
  p stack export > kept.json
  trial "another project" 'project-nowhere|projectId|PROJECT_ID' NEEV_PROJECT_ID=project-nowhere
  trial "the project is not there" "project-emulator|projectId|PROJECT_ID" NOTHING=
  trial "another web server" 'base ?url|BASE_URL' NEEV_BASE_URL="$page"
}
each dynamic python-box
cd plugin
each plugin plugin-box
ended
