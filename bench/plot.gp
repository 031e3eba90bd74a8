# SPDX-License-Identifier: MIT
# gnuplot -e "data='FOLDER'" -e "output='FILE.svg'" plot.gp
#
# FOLDER holds a file for each measurement: a label and figures in a line, between tabs.
set terminal svg size 1040,620 font "sans-serif,13" background "white"
set output output
set datafile separator "\t"
set border 3 lc rgb "#888888"
set tics nomirror textcolor rgb "black"
set style fill solid noborder
set multiplot layout 2,2

blue = 0x2266aa
grey = 0xb8b8b8
# Whatever has listenfd or systemfd in its name is ours.
color(label) = strstrt(label, "listenfd") || strstrt(label, "systemfd") ? blue : grey
# A bar from the axis at LEFT to the figure, in the line of the label, and what it says.
bars = "with boxxyerror lc rgb variable"
texts = "with labels left offset 0.7,0"
left = 0

unset key
set lmargin 28
set rmargin 12
set yrange [-0.5:*] reverse
set ytics noenhanced scale 0
set format x "%g"

set title "One socket is taken: the whole process, ms"
set xrange [left:*]
set xtics 0.5
plot data."/start.tsv" \
         using 2:0:(left):2:($0-0.3):($0+0.3):(color(strcol(1))):ytic(1) @bars, \
     "" using 2:0:(sprintf("%.2f", $2)) @texts

set title "A launcher starts its command: ms (logarithmic)"
set xtics autofreq
set logscale x
left = 0.3
set xrange [left:300]
plot data."/launchers.tsv" \
         using 2:0:(left):2:($0-0.3):($0+0.3):(color(strcol(1))):ytic(1) @bars, \
     "" using 2:0:(sprintf("%.1f", $2)) @texts

set title "A restart under load: longest wait, ms (logarithmic)"
left = 0.3
set xrange [left:1000]
plot data."/restarts.tsv" \
         using 2:0:(left):2:($0-0.3):($0+0.3):(color(strcol(1))):ytic(1) @bars, \
     "" using 2:0:(sprintf("%.1f; %d failed", $2, $4)) @texts

set title "Many sockets are taken: µs for each"
set key top left
set grid ytics lc rgb "#dddddd"
set lmargin 10
set rmargin 4
set logscale x 2
set xrange [0.7:6000]
set xtics (1, 16, 256, 4096)
set yrange [0:*] noreverse
set ytics autofreq
plot data."/sockets.tsv" using 1:($3/$1) with linespoints lw 2 pt 7 lc rgb grey title "libsystemd", \
     "" using 1:($2/$1) with linespoints lw 2 pt 7 lc rgb blue title "listenfd"
unset multiplot
